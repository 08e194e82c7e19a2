"use strict";

const byId = (id) => document.getElementById(id);
// The number of the question whose answer is wanted: the last one.
let asked = 0;

// Characters that would steer the eye are shown by their numbers.
function visible(text) {
  const number = (character) => `\\u{${character.codePointAt(0).toString(16)}}`;
  return String(text).replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, number);
}

function figure(value, digits = 4) {
  return value === null ? "–" : value.toFixed(digits);
}

function tell(text, isBad = false) {
  byId("status").textContent = visible(text);
  byId("status").classList.toggle("bad", isBad);
}

async function fetched(path, body, type) {
  const response = await fetch(path, { method: "POST", headers: { "Content-Type": type }, body });
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Error(told.error ?? `${response.status} ${response.statusText}`);
}

// Ask what the model says of a body, and show it.
async function ask(body, type) {
  const number = ++asked;
  const start = performance.now();
  byId("answer").replaceChildren();
  tell("…");
  try {
    const answer = await (await fetched("/predict", body, type)).json();
    if (number !== asked) return;
    await show(answer, body, type);
    tell(`answered in ${Math.round(performance.now() - start)} ms`);
  } catch (error) {
    if (number === asked) tell(error.message, true);
  }
}

// A table below the question; cells are texts or elements.
function table(heads, rows) {
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  for (const text of heads) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = text;
    head.append(cell);
  }
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const cell of row) {
      const place = line.insertCell();
      if (cell instanceof Node) place.append(cell);
      else place.textContent = visible(cell);
    }
  }
  byId("answer").append(made);
}
