
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask(byId("text").value, "text/plain");
});
