// What forecasts say in words: how good the forms were, who leads and how sure, what a loss asks for.
import { count, fixed, percent, significant } from "../base/format.js";
import type { Forecast, Lead } from "./forecasting.js";

export function forecastSentences(forecasts: readonly Forecast[], leads: readonly Lead[]): readonly string[] {
  return [...forecasts.flatMap(ofOne), ...leadSentences(leads)];
}

const named = ({ group }: Forecast): string => {
  const name = Object.values(group).join(", ");
  return name === "" ? "" : `${name}: `;
};

function ofOne(forecast: Forecast): readonly string[] {
  const sentences: string[] = [];
  const { scoreCard } = forecast;
  const points = scoreCard.reduce((sum, row) => sum + row.points, 0);
  if (points > 0) {
    const held = scoreCard.reduce((sum, row) => sum + row.points * row.held, 0) / points;
    const farthest = scoreCard.at(-1);
    sentences.push(
      `${named(forecast)}beyond windows of its own data the combined forecast was off by ${percent(Number((farthest?.error ?? 0).toPrecision(2)))} (RMS) at ${farthest?.from} to ${farthest?.to} decades ahead, and held ${Math.round(100 * held)}% of ${points} points inside its interval.`,
    );
  }
  for (const { loss, budget } of forecast.reached) {
    if (budget === null) {
      sentences.push(
        `${named(forecast)}the mean curve does not reach ${loss} within ten decades: its limit may lie above.`,
      );
      continue;
    }
    const { lower, upper } = budget.interval ?? { lower: null, upper: null };
    const open = upper === null ? "; the limit may lie above, so there is no upper end" : "";
    sentences.push(
      `${named(forecast)}a loss of ${loss} asks for ${count(budget.estimate)} [${count(lower)}, ${upper === null ? "∞" : count(upper)}]${open}.`,
    );
  }
  return sentences;
}

/** At each x the leader against the closest of the others. */
function leadSentences(leads: readonly Lead[]): readonly string[] {
  return [...new Set(leads.map(({ x }) => x))].flatMap((x) => {
    const [closest] = leads
      .filter((lead) => lead.x === x)
      .sort((a, b) => a.difference.estimate - b.difference.estimate);
    if (closest === undefined) return [];
    const { ahead, behind, difference, probability } = closest;
    const sure = probability === null ? "" : `, P(ahead) ${probability > 0.999 ? "> .999" : fixed(probability, 3)}`;
    const { lower, upper } = difference.interval ?? { lower: null, upper: null };
    const told = lower !== null && lower > 0;
    const range = `${significant(difference.estimate, 3)} [${significant(lower, 3)}, ${significant(upper, 3)}]${sure}`;
    return [
      told
        ? `At ${count(x)} ${ahead} is ahead of ${behind} by ${range}.`
        : `At ${count(x)} the data cannot tell ${ahead} from ${behind}: ${range}.`,
    ];
  });
}
