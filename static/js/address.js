/** Forms that ask for an address: their fields follow the country, in place ("showfloor:fields"), and lose nothing. */

/**
 * @typedef {{name: string, label: string, required: boolean, choices: [string, string][]}} Part
 * @typedef {{country: string, countries: [string, string][], fields: Part[], optional: string}} Description
 */

const NAMES = ["line1", "line2", "city", "region", "postal_code"];

/** @param {ParentNode} root */
export function init(root) {
  for (const box of root.querySelectorAll("[data-address-fields]")) follow(/** @type {HTMLElement} */ (box));
}

/**
 * Have the fields in `box` follow its country from now on; a select without choices gets them first.
 * @param {HTMLElement} box
 */
export function follow(box) {
  const country = /** @type {HTMLSelectElement | null} */ (box.querySelector("[name=country]"));
  if (!country || box.dataset.follows) return;
  box.dataset.follows = "1";
  box.querySelector("[data-change-country]")?.setAttribute("hidden", "");
  country.addEventListener("change", () => update(box, country));
  if (country.options.length < 2) update(box, country);
}

/** @param {HTMLElement} box @param {HTMLSelectElement} country */
async function update(box, country) {
  const asked = country.value;
  try {
    const answer = await fetch(`${box.dataset.describe}?${new URLSearchParams({ country: asked })}`, {
      headers: { Accept: "application/json" },
    });
    if (!answer.ok || country.value !== asked) return;
    draw(box, country, await answer.json());
  } catch {
    // Offline: the server judges what is sent.
  }
}

/** @param {HTMLElement} box @param {HTMLSelectElement} country @param {Description} description */
function draw(box, country, description) {
  const chosen = description.country;
  country.replaceChildren(
    ...description.countries.map(([code, name]) => new Option(name, code, code === chosen, code === chosen)),
  );
  const known = new Map(description.fields.map((part) => [part.name, part]));
  for (const name of NAMES) {
    const input = /** @type {HTMLInputElement | null} */ (box.querySelector(`[name=${name}]`));
    const field = input?.closest(".field");
    if (!input || !field) continue;
    const part = known.get(name);
    /** @type {HTMLElement} */ (field).hidden = !part;
    input.required = part?.required ?? false;
    if (!part) continue;
    const label = field.querySelector("[data-label]");
    if (label) label.textContent = part.label;
    field.querySelector("[data-optional]")?.toggleAttribute("hidden", part.required);
    if (name === "region") choose(input, part.choices);
  }
  for (const { name } of description.fields) {
    const field = box.querySelector(`[name=${name}]`)?.closest(".field");
    if (field) field.parentElement?.append(field);
  }
  box.dispatchEvent(new CustomEvent("showfloor:fields", { bubbles: true }));
}

/** Ask for a region by a list where there is one. @param {HTMLInputElement | HTMLSelectElement} input @param {[string, string][]} choices */
function choose(input, choices) {
  const wanted = choices.length ? document.createElement("select") : document.createElement("input");
  const others = choices.length ? ["value", "type", "maxlength"] : ["value", "type"];
  for (const { name, value } of input.attributes) if (!others.includes(name)) wanted.setAttribute(name, value);
  if (wanted instanceof HTMLSelectElement) {
    wanted.append(...choices.map(([kept, name]) => new Option(name, kept)));
  }
  const typed = input.value.trim().toLowerCase();
  const same = choices.find(([kept, name]) => [kept.toLowerCase(), name.toLowerCase()].includes(typed));
  wanted.value = same ? same[0] : choices.length ? "" : input.value;
  input.replaceWith(wanted);
}
