// The kept model of churn: how well it tells who will not come back, and today's users by their chance.

import { address, get } from "../api.js";
import { bigNumbers, chartCard, howPanel, nothing, table, wrong } from "../answer.js";
import { bars, color, look, seriesColor, tip, tooltip, valueAxis } from "../charts.js";
import { facts, fill, h } from "../dom.js";
import { compact, day, number, percent } from "../format.js";
import { ready, shareButton } from "../shell.js";

const root = document.getElementById("churn");
const NAMES = { recency: "Days since last seen", logistic: "Logistic regression", hist_gradient_boosting: "Gradient boosting", xgboost: "XGBoost" };
const nameOf = (model) => NAMES[model] ?? model;
const three = (value) => (value === null || value === undefined ? "–" : value.toFixed(3));
const bounded = (given) => (given ? three(given.value) : "–");
const bounds = (given) => (given && given.low !== null ? `${three(given.low)} to ${three(given.high)}` : "");
const json = address("churn-model");
const wordy = (text) => h("span.wordy", null, text);

function card(title, more, ...content) {
  return h("section.card", { "aria-label": title }, h("header", null, h("h2", null, title), more), h("div.body.stack", null, content));
}

/** Numbers against numbers, a line or points each. */
function plane({ lines: given, x, y, most = [1, 1], diagonal = false }) {
  return () => {
    const axis = (format, name, max, gap) => valueAxis(format, { min: 0, max, interval: max / 5, name, nameLocation: "middle", nameGap: gap, nameTextStyle: look().text });
    return {
      grid: { left: 26, right: 20, top: 14, bottom: 28, containLabel: true },
      xAxis: axis((value) => percent(value, 0), x, most[0], 28), yAxis: axis((value) => percent(value, 0), y, most[1], 46),
      tooltip: tooltip((params) => tip(params.seriesName, [{ name: x, value: percent(params.data[0]) }, { name: y, value: percent(params.data[1]) }]), { trigger: "item" }),
      series: [
        ...(diagonal ? [{ type: "line", silent: true, symbol: "none", data: [[0, 0], [Math.min(...most), Math.min(...most)]], lineStyle: { color: color("line-strong"), type: "dashed", width: 1.5 } }] : []),
        ...given.map((each) => ({ type: "line", name: each.name, data: each.points, symbolSize: each.dots ? 7 : 0, showSymbol: Boolean(each.dots), itemStyle: { color: seriesColor(each.place) }, lineStyle: { color: seriesColor(each.place), width: 2 }, triggerLineEvent: true })),
      ],
    };
  };
}

const legendOf = (models) => h("ul.legend", null, models.map((each, place) => h("li.row", null, h("span.dot", { class: `series-${place + 1}` }), nameOf(each.model))));

function modelsCard({ models, chosen, base_rate: rate, target }) {
  const shares = models[0].at.map((each) => each.share);
  return chartCard({
    title: "Models", name: "churn-models", json, label: `Precision of each model by the share found of those who ${target === "churn" ? "churn" : "return"}`,
    badge: h("span.muted.small", null, "judged on later weeks"),
    option: plane({ lines: models.map((each, place) => ({ name: nameOf(each.model), place, points: each.curve })), x: "Found", y: "Right among the chosen" }),
    table: {
      heads: ["Model", "Kept", "PR AUC", "95% interval", "More than recency", "Interval", "ROC AUC", ...shares.flatMap((share) => [`Precision, top ${percent(share, 0)}`, "Lift"]), "Brier", "Log loss", "Calibration error"], left: 2,
      rows: models.map((each) => [nameOf(each.model), each.model === chosen ? "yes" : "", bounded(each.pr_auc), bounds(each.pr_auc), bounded(each.gain), bounds(each.gain), bounded(each.roc_auc),
        ...each.at.flatMap((at) => [percent(at.precision), at.lift === null ? "–" : `${at.lift.toFixed(2)}×`]), three(each.brier), three(each.log_loss), three(each.calibration.error)]),
    },
    under: [legendOf(models), h("p.small.muted", null, `Choosing by luck is right in ${percent(rate)} of cases.`)],
  });
}

function calibrationCard({ models, chosen }) {
  const { calibration } = models.find((each) => each.model === chosen);
  const most = Math.min(1, Math.ceil(Math.max(...calibration.bins.flatMap((each) => [each.predicted, each.observed.value])) * 10) / 10 || 1);
  return chartCard({
    title: "Do chances come true?", name: "churn-calibration", json, label: "What happened against the chance that was told, in groups of equal size",
    option: plane({ lines: [{ name: nameOf(chosen), place: 0, points: calibration.bins.map((each) => [each.predicted, each.observed.value]), dots: true }], x: "Chance told", y: "Happened", most: [most, most], diagonal: true }),
    table: { heads: ["Chance told", "Happened", "95% interval", "Of users"], rows: calibration.bins.map((each) => [percent(each.predicted), percent(each.observed.value), `${percent(each.observed.low)} to ${percent(each.observed.high)}`, number(each.observed.trials)]) },
    under: h("p.small.muted", null, `Mean distance ${three(calibration.error)}; slope ${three(calibration.slope)} (1 is right), intercept ${three(calibration.intercept)} (0 is right).`),
  });
}

function importancesCard({ importances, features }) {
  if (!importances.length) return null;
  const words = new Map(features.map((each) => [each.name, each.words]));
  const shown = importances.slice(0, 12);
  return chartCard({
    title: "What the model looks at", name: "churn-importances", json, label: "Average precision that is lost when a feature is shuffled",
    option: ({ width }) => ({
      grid: { left: 6, right: 24, top: 8, bottom: 4, containLabel: true },
      xAxis: valueAxis((value) => value.toFixed(2)),
      yAxis: { type: "category", inverse: true, data: shown.map((each) => each.feature), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { ...look().label, fontWeight: 500, width: Math.min(200, width * 0.4), overflow: "truncate" } },
      tooltip: tooltip(([params]) => tip(shown[params.dataIndex].feature, [{ place: 0, name: "Lost", value: three(shown[params.dataIndex].drop) }], words.get(shown[params.dataIndex].feature)), { axisPointer: { type: "shadow" } }),
      series: [{ type: "bar", data: shown.map((each) => each.drop), barMaxWidth: 16, itemStyle: { color: seriesColor(0), borderRadius: [0, 3, 3, 0] } }],
    }),
    table: { heads: ["Feature", "Average precision lost", "Spread", wordy("What it is")], rows: importances.map((each) => [each.feature, three(each.drop), three(each.spread), wordy(words.get(each.feature) ?? "")]) },
  });
}

function decilesCard({ deciles, as_of: asOf, why }, { spec }) {
  if (!deciles.length) return nothing("Users cannot be scored", why || "Nobody was active on enough days.", "churn");
  return chartCard({
    title: "Users by their chance to churn", name: "churn-deciles", json, badge: h("span.muted.small", null, `as of ${day(asOf, { year: true })}`),
    label: "Mean chance not to come back of each tenth of the users, the likeliest first",
    option: bars({ labels: deciles.map((each) => String(each.decile)), titles: deciles.map((each) => `Tenth ${each.decile}: ${number(each.users)} users`), format: (value) => percent(value, 0), axis: (value) => percent(value, 0), named: true,
      bars: [{ name: "Mean chance to churn", place: 0, values: deciles.map((each) => each.mean) }], total: (at) => `${percent(deciles[at].low)} to ${percent(deciles[at].high)}` }),
    table: { heads: ["Tenth", "Users", "Mean chance", "Lowest", "Highest"], rows: deciles.map((each) => [String(each.decile), number(each.users), percent(each.mean), percent(each.low), percent(each.high)]) },
    under: h("p.small.muted", null, `The chance of no activity on the ${spec.horizon_days} days after a gap of ${spec.gap_days}, for users with ${spec.least_active_days} active days or more in the ${spec.window_days} before. `, h("code", null, "ga4 churn score"), " writes each user’s into the warehouse."),
  });
}

function cutoffsCard({ cutoffs }) {
  return card("Weeks that taught and judged", null, table({
    caption: "Cutoffs", heads: ["First day not known", "Used to", "Users", "Churned", "Why not"], left: 2,
    rows: cutoffs.map((each) => [each.day, { train: "train", test: "judge", unused: "not used" }[each.role], number(each.users), number(each.churned), each.why ?? ""]),
  }));
}

function featuresCard({ features, left_out: out, libraries }) {
  return card("Features", h("span.muted.small", null, `${number(features.length)} used, ${number(out.length)} left out`), table({
    caption: "Features and what was left out", heads: ["Name", "State", "ROC AUC alone", wordy("What it is, or why it is left out")], left: 2,
    rows: [...features.map((each) => [each.name, each.is_suspect ? "used, suspect" : "used", three(each.roc_auc), wordy(each.words)]), ...out.map((each) => [each.name, "left out", "–", wordy(each.why)])],
  }), h("p.small.muted", null, `Made with ${libraries.map((each) => `${each.name} ${each.version}`).join(", ")}.`));
}

const howCard = (result) => howPanel({ words: result.definition, note: `model ${result.model_id ?? "none"}`, codes: async () => [
  ["Python", "import ga4_analytics\n\nws = ga4_analytics.open(\".\")\nws.churn_card()"], ["Command line", "ga4 churn card"], ["Question as JSON", JSON.stringify(result.spec, null, 2)]] });

function cards(model) {
  const { result } = model;
  const chosen = result.models.find((each) => each.model === result.chosen);
  if (!chosen) return [nothing("No model was made", result.refusal ?? result.verdict, "churn"), cutoffsCard(result), howCard(result)];
  const top = chosen.at.find((each) => each.share === 0.1) ?? chosen.at[0];
  return [
    card("Verdict", h("span.badge", { class: chosen.beats_recency ? "good" : "" }, nameOf(result.chosen)), h("p.verdict", null, result.verdict)),
    bigNumbers([
      { name: result.target === "churn" ? "Churn in test weeks" : "Return in test weeks", value: percent(result.base_rate), more: `${compact(result.test?.rows ?? null)} users judged` },
      { name: "PR AUC", value: bounded(chosen.pr_auc), more: bounds(chosen.pr_auc) }, { name: "ROC AUC", value: bounded(chosen.roc_auc), more: bounds(chosen.roc_auc) },
      ...(chosen.gain ? [{ name: "More than recency", value: bounded(chosen.gain), more: bounds(chosen.gain) }] : []),
      ...(top ? [{ name: `Lift, top ${percent(top.share, 0)}`, value: top.lift === null ? "–" : `${top.lift.toFixed(2)}×`, more: `${percent(top.precision)} right` }] : []),
    ]),
    decilesCard(model, result),
    h("div.grid", null, h("div.w6", null, modelsCard(result)), h("div.w6", null, calibrationCard(result))),
    importancesCard(result), cutoffsCard(result), featuresCard(result), howCard(result),
  ];
}

async function show() {
  if (!facts.last) { fill(root, nothing("No days are loaded", "Load an export with `ga4 load`, then build with `ga4 build`.", "data")); return; }
  const { churn_model: model } = await get("churn-model");
  fill(root, model ? cards(model) : nothing("No model was trained yet", "Run `ga4 churn train`: it keeps a model that ranks users better than the days since they were last seen, or says what is missing.", "churn"));
  for (const node of root.querySelectorAll(".card, .drawn")) node.draw?.();
}

fill(document.getElementById("tools"), shareButton());
try {
  await show();
} catch (error) {
  if (!error.title) console.error(error);
  fill(root, wrong(error));
}
root.setAttribute("aria-busy", "false");
ready(true);
