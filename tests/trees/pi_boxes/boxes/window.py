"""A window that shows one picture after the other."""

from __future__ import annotations

from typing import Any

from PIL import Image

from .errors import InputError, InstallationError


class Window:
    """A window, open until it is closed, or q or Escape is pressed in it.

    Raises:
        InputError: there is no display.
        InstallationError: Tk is not installed.
    """

    def __init__(self) -> None:
        try:
            import tkinter

            from PIL import ImageTk
        except ImportError as error:
            raise InstallationError(
                f"a window takes Tk ({error}): sudo apt install python3-tk "
                "python3-pil.imagetk; or give --headless"
            ) from None
        self.is_open = True
        self._failure = tkinter.TclError
        self._to_photo = ImageTk.PhotoImage
        try:
            self._root = tkinter.Tk()
        except tkinter.TclError as error:
            raise InputError(f"no window: {error}; give --headless") from None
        self._root.protocol("WM_DELETE_WINDOW", self._quit)
        for key in ("q", "<Escape>"):
            self._root.bind(key, self._quit)
        self._label = tkinter.Label(self._root, borderwidth=0)
        self._label.pack()
        self._photo: Any = None
        self._size = (0, 0)

    def update(self) -> bool:
        """Let people close it; whether it is still open."""
        try:
            self._root.update()
        except self._failure:  # The display is gone.
            self.is_open = False
        return self.is_open

    def show(self, image: Image.Image, title: str) -> None:
        """Show a picture, made smaller if it is larger than the screen."""
        root = self._root
        screen = root.winfo_screenwidth(), root.winfo_screenheight()
        if image.width > screen[0] or image.height > screen[1]:
            image = image.copy()
            image.thumbnail(screen)
        root.title(title)
        if image.size == self._size:
            self._photo.paste(image)  # A new one takes four times as long.
        else:
            photo = self._to_photo(image)
            self._label.configure(image=photo)
            # The label itself does not keep it.
            self._photo, self._size = photo, image.size

    def _quit(self, _event: object = None) -> None:
        self.is_open = False
