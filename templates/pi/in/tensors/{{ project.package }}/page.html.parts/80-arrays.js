
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const arrays = {};
  for (const { name, value } of byId("form").querySelectorAll("textarea")) {
    try {
      arrays[name] = JSON.parse(value);
    } catch {
      tell(`${name}: give numbers in lists, as JSON has them`, true);
      return;
    }
  }
  ask(JSON.stringify(arrays), "application/json");
});
