"""A template folder and a context become files; the only ways for text of strangers into generated code."""
