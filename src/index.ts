// The public analysis API: a bare list of names, in the order in which they are used. Loads no tensor library and no vega.
//
//   readTable → observe → fit → compare          readSource → buildReport → writeFolder

export { FitError, InputError, type Warning } from "./base/errors.js";
export { type Random, random } from "./base/random.js";
export { compare } from "./compare/compare.js";
export type {
  Attribution,
  Comparison,
  Crossover,
  Difference,
  JointRegion,
  Multiplier,
  MultiplierPoint,
  NestedTest,
  NestedTests,
  Robustness,
  Trend,
  Verdict,
} from "./compare/comparison.js";
export { alternatives, cheapestDesign, type DesignOutcome, evaluateDesign, studyFromCurves } from "./compare/design.js";
export { logHorizons, type Noise, type PowerLaw, type StudyPlan, simulate } from "./compare/simulate.js";
export { fromDataFrame, toDataFrame } from "./curve/dataframe.js";
export type { Exclusion, Observations } from "./curve/observations.js";
export { type Observed, observe, type Selection } from "./curve/observe.js";
export { type ReadResult, readTable } from "./curve/read/read-table.js";
export type { RunEnd, RunHeader, RunPoint } from "./curve/run-file.js";
export { type Column, type Table, tableOf } from "./curve/table.js";
export { extrapolations } from "./fit/extrapolations.js";
export { fit, fitGroups } from "./fit/fit.js";
export { predict } from "./fit/predict.js";
export type {
  Estimate,
  Fit,
  FitOptions,
  FitStatus,
  GroupedFit,
  HeldOut,
  Interval,
  Loss,
  Prediction,
  Sharing,
} from "./fit/record.js";
export { type SelectionRules, select } from "./fit/select.js";
export { type AllocateOptions, allocate } from "./forecast/allocate.js";
export type { Allocation, Demand, Optimum, Quantity, Valley } from "./forecast/allocation.js";
export { type LawByRounds, lawByRounds, type RoundsForm } from "./forecast/by-rounds.js";
export { type ForecastOptions, forecast } from "./forecast/forecast.js";
export type { Forecast, ForecastPoint, Forecasts, Form, Lead, Reached, ScoreRow } from "./forecast/forecasting.js";
export { chooseRounds, chooseRoundsIsoDepth, type RoundsAt, type RoundsChoice } from "./forecast/rounds-choice.js";
export { analyzeFractal } from "./fractal/analyze.js";
export { readSurprisals, type SurprisalColumns } from "./fractal/read.js";
export type {
  FractalAnalysis,
  FractalEstimate,
  FractalOptions,
  GroupAnalysis,
  ScalePoint,
  StatisticName,
  Surprisals,
} from "./fractal/record.js";
export { withControls } from "./fractal/shuffled.js";
export { LAWS, lawByName } from "./law/catalogue.js";
export type { Law, LawParameter } from "./law/law.js";
export { powerLawWithLimit } from "./law/power-law.js";
export { type AnalysisOptions, analyse } from "./report/analysis.js";
export type { Manifest } from "./report/assemble.js";
export { buildReport, type Report } from "./report/build.js";
export type { Chart } from "./report/charts/chart.js";
export { type Displayable, type NotebookDisplay, show } from "./report/display.js";
export { draw } from "./report/draw.js";
export { writeFolder } from "./report/folder.js";
export { type FractalReport, fractalReport } from "./report/fractal/page.js";
export type { Analysis, ReportSource } from "./report/record.js";
export { readSource } from "./report/source.js";
export { CATALOGUE, schemeByName } from "./scheme/catalogue.js";
export { type ModelShape, type SchemeCost, schemeCost, tokensForFlops } from "./scheme/cost.js";
export type { Scheme } from "./scheme/scheme.js";
export { survey } from "./scheme/survey.js";
