
function show({ results }) {
  table(["Label", "Score"], results.map(({ label, score }) => {
    const bar = document.createElement("meter");
    bar.value = score ?? 0;
    bar.setAttribute("aria-hidden", "true");
    const shown = document.createElement("span");
    shown.append(figure(score), bar);
    return [label, shown];
  }));
}
