
let canvas = null;

// The picture, upright as the answers are meant, on a canvas that these are drawn on.
async function preview(file) {
  byId("shown").replaceChildren();
  canvas = null;
  const picture = await createImageBitmap(file).catch(() => null);
  if (picture === null) return;
  canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "the picture, with the answers drawn over it");
  byId("shown").replaceChildren(canvas);
}
