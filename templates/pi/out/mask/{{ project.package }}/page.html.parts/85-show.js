
// In a mask: where there is no class.
const UNSEEN = 255;

// PASCAL VOC's colours: the bits of a class number in turn.
function colorOf(index) {
  const color = [0, 0, 0];
  for (let step = 0; step < 3; step += 1) {
    color.forEach((part, at) => {
      color[at] = part | (((index >> (3 * step + at)) & 1) << (7 - step));
    });
  }
  return color;
}

async function show({ width, height, classes }, body, type) {
  table(["Colour", "Label", "Share"], classes.map(({ label, index, pixels }) => {
    const patch = document.createElement("canvas");
    patch.width = patch.height = 16;
    const pen = patch.getContext("2d");
    pen.fillStyle = `rgb(${colorOf(index).join(" ")})`;
    pen.fillRect(0, 0, 16, 16);
    return [patch, label ?? `class ${index}`, `${(pixels / (width * height) * 100).toFixed(2)} %`];
  }));
  if (canvas === null) return;
  const file = await (await fetched("/mask", body, type)).blob();
  const mask = await createImageBitmap(file, { colorSpaceConversion: "none" });
  const layer = document.createElement("canvas");
  layer.width = width;
  layer.height = height;
  const pen = layer.getContext("2d");
  pen.drawImage(mask, 0, 0);
  const pixels = pen.getImageData(0, 0, width, height);
  const colors = Array.from({ length: 256 }, (_, index) => [...colorOf(index), index === UNSEEN ? 0 : 128]);
  for (let at = 0; at < pixels.data.length; at += 4) pixels.data.set(colors[pixels.data[at]], at);
  pen.putImageData(pixels, 0, 0);
  canvas.getContext("2d").drawImage(layer, 0, 0);
}
