
// A bright colour of its own for each class: hues that lie far apart.
const colorOf = (index) => `hsl(${(0.33 + index * 0.618034) % 1}turn 100% 60%)`;
const nameOf = ({ label, index }) => visible(label ?? `class ${index}`);

function show({ detections }) {
  table(["Label", "Score", "Left, top, right, bottom"], detections.map((item) =>
    [nameOf(item), figure(item.score), item.box.map((side) => figure(side, 0)).join(", ")]));
  if (canvas === null) return;
  const pen = canvas.getContext("2d");
  const width = Math.max(2, (canvas.width + canvas.height) / 600);
  const height = Math.max(12, (canvas.width + canvas.height) / 70);
  pen.lineWidth = width;
  pen.font = `600 ${height}px system-ui, sans-serif`;
  pen.textBaseline = "bottom";
  // The best one is drawn last.
  for (const item of [...detections].reverse()) {
    const [left, top, right, bottom] = item.box;
    pen.strokeStyle = pen.fillStyle = colorOf(item.index);
    pen.strokeRect(left, top, right - left, bottom - top);
    const text = `${[...nameOf(item)].slice(0, 30).join("")} ${figure(item.score, 2)}`;
    const patch = pen.measureText(text).width + height / 3;
    const start = Math.max(0, Math.min(left - width / 2, canvas.width - patch));
    const base = Math.max(top, height * 1.2);
    pen.fillRect(start, base - height * 1.2, patch, height * 1.2);
    pen.fillStyle = "#000";
    pen.fillText(text, start + height / 6, base);
  }
}
