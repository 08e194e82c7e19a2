
async function take(file) {
  if (file === undefined) return;
  tell("…");
  await preview(file);
  await ask(file, file.type || "application/octet-stream");
}

byId("file").addEventListener("change", () => take(byId("file").files[0]));
const drop = byId("drop");
// Anywhere on the page, for what is dropped beside it would replace the page.
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer.files[0]);
});
