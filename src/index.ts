// The public analysis API: a bare list of names. Loads no tensor library and no vega.
export { FitError, InputError, ReproductionError, type Warning } from "./base/errors.js";
