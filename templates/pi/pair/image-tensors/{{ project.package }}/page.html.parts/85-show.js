
// The first numbers of each output.
function show({ outputs }) {
  table(["Output", "Shape", "Numbers"], Object.entries(outputs).map(([name, values]) => {
    const shape = [];
    for (let inner = values; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
    const numbers = [values].flat(Infinity);
    const first = numbers.slice(0, 16).map((value) => Number(value?.toPrecision?.(6) ?? NaN)).join(", ");
    return [name, `[${shape.join(", ")}]`, numbers.length > 16 ? `${first}, …` : first];
  }));
}
