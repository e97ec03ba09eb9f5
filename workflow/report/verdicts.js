// What may be said of each comparison at a level and a margin of the reader's choice. The rules are those of
// scripts/stats/paired_verdicts.py; tests/writing/test_verdicts_js.py holds the two together.
"use strict";

const ROUNDING = 1e-9;
const WORDS = ["better", "worse", "negligible", "equivalent", "inconclusive", "descriptive"];

/** Return p-values adjusted for the family by Holm's procedure; null marks a comparison without a test. */
function holm(pValues) {
  const tested = pValues.map((p, index) => ({ p, index })).filter(({ p }) => p !== null && !Number.isNaN(p));
  tested.sort((a, b) => a.p - b.p);
  const adjusted = new Array(pValues.length).fill(NaN);
  let largest = 0;
  tested.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, p * (pValues.length - rank));
    adjusted[index] = Math.min(largest, 1);
  });
  return adjusted;
}

/**
 * Return for each row of a family its intervals, adjusted p-value and verdict.
 * alpha: one of quantiles.alphas. delta: smallest difference that matters. quantiles: see live_verdicts.t_quantiles.
 */
function verdicts(family, alpha, delta, quantiles) {
  const level = quantiles.alphas.indexOf(alpha);
  if (level < 0) throw new RangeError(`no quantiles for alpha = ${alpha}`);
  const adjusted = holm(family.rows.map((row) => row.p));
  const margin = delta * (1 - ROUNDING);
  const furthest = family.furthest ?? Infinity;
  const possible = (value) => Math.min(Math.max(value, -furthest), furthest);
  return family.rows.map((row, index) => {
    const [t, tEquivalence] = row.n > 1 ? quantiles.n[row.n][level] : [NaN, NaN];
    const half = (t * row.sd) / Math.sqrt(row.n);
    const halfEquivalence = (tEquivalence * row.sd) / Math.sqrt(row.n);
    const [low, high] = [row.mean - half, row.mean + half].map(possible);
    const [equivalenceLow, equivalenceHigh] = [row.mean - halfEquivalence, row.mean + halfEquivalence].map(possible);
    const inside = equivalenceLow > -margin && equivalenceHigh < margin;
    const rejected = adjusted[index] < alpha && (low > 0 || high < 0);
    let verdict = "inconclusive";
    if (row.n < 2) verdict = "descriptive";
    else if (rejected && inside) verdict = "negligible";
    else if (rejected) verdict = family.higher_is_better === low > 0 ? "better" : "worse";
    else if (inside) verdict = "equivalent";
    return { low, high, equivalenceLow, equivalenceHigh, pHolm: adjusted[index], verdict };
  });
}

/** Return the decimals a difference is shown with: those of the second digit of its standard error. */
function supportedDecimals(row) {
  const error = row.sd / Math.sqrt(row.n);
  if (row.n < 2 || !(error > 0)) return 4;
  return Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(error))));
}

function withSign(value, decimals) {
  const text = value.toFixed(decimals);
  if (Number(text) === 0) return text.replace("-", "");
  return value > 0 ? `+${text}` : text;
}

function intervalText(low, high, decimals) {
  return Number.isNaN(low) ? "–" : `${withSign(low, decimals)} … ${withSign(high, decimals)}`;
}

function pText(p) {
  if (Number.isNaN(p)) return "–";
  return p < 0.0001 ? "< 0.0001" : p.toFixed(4);
}

function percentText(share) {
  return String(Number((100 * share).toPrecision(6)));
}

/** Let the controls of the page rewrite the cells of its table of comparisons. */
function start(page) {
  const { families, quantiles } = JSON.parse(page.getElementById("verdict-data").textContent);
  const controls = page.getElementById("verdict-controls");
  const status = page.getElementById("verdict-status");
  const bodies = [...page.querySelectorAll("tbody[data-metric]")];
  const margins = [...controls.querySelectorAll("input[type=number]")];

  function update() {
    const alpha = quantiles.alphas[controls.elements.alpha.selectedIndex];
    const metric = controls.elements.metric.value;
    let delta = NaN;
    const counts = new Map();
    let changed = 0;
    for (const input of margins) {
      const chosen = input.valueAsNumber;
      const valid = chosen > 0 && Number.isFinite(chosen);
      input.setAttribute("aria-invalid", String(!valid));
      input.closest("label").hidden = input.dataset.metric !== metric;
      if (input.dataset.metric === metric) delta = chosen;
      if (!valid) continue;
      families.forEach((family, place) => {
        if (family.metric !== input.dataset.metric) return;
        const found = verdicts(family, alpha, chosen, quantiles);
        found.forEach((result, index) => {
          const row = family.rows[index];
          write(bodies[place].rows[index + 1], row, result);
          if (family.metric !== metric) return;
          counts.set(result.verdict, (counts.get(result.verdict) ?? 0) + 1);
          if (result.verdict !== row.verdict) changed += 1;
        });
      });
    }
    for (const body of bodies) body.hidden = body.dataset.metric !== metric;
    for (const cell of page.querySelectorAll("[data-percent]")) {
      cell.textContent = percentText(1 - Number(cell.dataset.percent) * alpha);
    }
    const said = WORDS.filter((word) => counts.has(word)).map((word) => `${counts.get(word)} ${word}`).join(", ");
    const studied = changed ? `${changed} differ${changed === 1 ? "s" : ""} from the study's.` : "All as in the study.";
    const subject = metric[0].toUpperCase() + metric.slice(1);
    status.textContent =
      delta > 0 && Number.isFinite(delta)
        ? `${subject}, α = ${alpha}, δ = ${delta}: ${said}. ${studied}`
        : "δ must be a number above 0.";
  }

  function write(tableRow, row, result) {
    const decimals = supportedDecimals(row);
    const texts = {
      interval: intervalText(result.low, result.high, decimals),
      equivalence: intervalText(result.equivalenceLow, result.equivalenceHigh, decimals),
      p_holm: pText(result.pHolm),
    };
    for (const [name, text] of Object.entries(texts)) {
      tableRow.querySelector(`[data-cell=${name}]`).textContent = text;
    }
    const cell = tableRow.querySelector("[data-cell=verdict]");
    cell.firstElementChild.textContent = result.verdict;
    cell.firstElementChild.className = `verdict ${result.verdict}`;
    cell.lastElementChild.textContent = result.verdict === row.verdict ? "" : `study: ${row.verdict}`;
  }

  controls.addEventListener("input", update);
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("reset", () => setTimeout(update)); // after the controls have gone back
  controls.hidden = false;
  update();
}

if (typeof module === "object") module.exports = { holm, verdicts };
else start(document);
