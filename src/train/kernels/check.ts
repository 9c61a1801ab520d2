// What operations ask of their inputs.
import { InputError } from "../../base/errors.js";

export function check(holds: boolean, message: string): void {
  if (!holds) throw new InputError(message);
}
