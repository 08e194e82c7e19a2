
function show({ windows }) {
  table(["Second", "Labels"], windows.map(({ start, results }) => {
    const heard = results.map(({ label, score }) => `${label} ${figure(score, 2)}`);
    return [figure(start, 2), heard.join(", ") || "–"];
  }));
}
