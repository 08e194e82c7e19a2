
// The sound, to be heard beside its answers.
async function preview(file) {
  const player = document.createElement("audio");
  player.controls = true;
  player.src = URL.createObjectURL(file);
  player.addEventListener("loadeddata", () => URL.revokeObjectURL(player.src));
  byId("shown").replaceChildren(player);
}
