// Data from outside against a schema, with a message a person can act on: the field, the rule, the value, the remedy.
import { z } from "zod";
import { InputError, nearestName, shown } from "./errors.js";

/**
 * `value` as the schema has it, defaults filled in.
 * @param where what is checked, at the head of the message: "plan.json", "configuration".
 * @param remedy what to do when nothing nearer is known; may depend on the field: "schedule.warmupSteps".
 * @throws InputError naming the first field that breaks a rule; for an unknown key the nearest known one.
 */
export function validated<T>(
  schema: z.ZodType<T>,
  value: unknown,
  where: string,
  remedy: string | ((field: string) => string),
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = innermost(result.error.issues[0]);
  const path = issue?.path ?? [];
  const name = path.map(String).join(".").slice(0, 200);
  const field = name === "" ? "" : ` ${name}`;
  const advice = typeof remedy === "string" ? remedy : remedy(name);
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = keysAt(schema, path);
    const nearest = nearestName(key, known);
    const nearer =
      nearest !== null ? `did you mean ${nearest}?` : known.length > 0 ? `known are ${known.join(", ")}` : advice;
    throw new InputError(`${where}${field}: must have no unknown key, got ${shown(key)}; ${nearer}`);
  }
  const got = valueAt(value, path);
  const given =
    got === undefined ? "nothing" : typeof got === "object" && got !== null ? shown(JSON.stringify(got)) : shown(got);
  throw new InputError(`${where}${field}: ${ruleOf(issue)}, got ${given}; ${advice}`);
}

type Issue = z.core.$ZodIssue;

/** Of a union's complaints, the one that got furthest into the value. */
function innermost(issue: Issue | undefined): Issue | undefined {
  if (issue?.code !== "invalid_union") return issue;
  const inner = issue.errors.flat().filter((one) => one.path.length > 0 || one.code === "unrecognized_keys");
  const deepest = inner.sort((a, b) => b.path.length - a.path.length)[0];
  return deepest === undefined ? issue : innermost({ ...deepest, path: [...issue.path, ...deepest.path] });
}

function ruleOf(issue: Issue | undefined): string {
  switch (issue?.code) {
    case "invalid_type":
      return `must be ${issue.expected === "int" ? "a whole number" : `of type ${issue.expected}`}`;
    case "too_small":
      return `must be ${issue.inclusive === true ? "at least" : "more than"} ${issue.minimum}${of(issue.origin)}`;
    case "too_big":
      return `must be ${issue.inclusive === true ? "at most" : "less than"} ${issue.maximum}${of(issue.origin)}`;
    case "invalid_value":
      return `must be ${issue.values.length === 1 ? "" : "one of "}${issue.values.map(String).join(", ")}`;
    case "invalid_union":
      return "must have one of the known forms";
    default:
      return (issue?.message ?? "must be valid").replace(/^Invalid.*must match pattern (.*)$/, "must match $1");
  }
}

function of(origin: string): string {
  return origin === "string" ? " characters long" : origin === "array" ? " entries long" : "";
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? new Map<PropertyKey, unknown>(Object.entries(inner)).get(String(key))
        : undefined,
    value,
  );
}

/** The known keys of the object at a path, in any of the forms that a union has there. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const inner = path.reduce<readonly unknown[]>(
    (at, key) => at.flatMap((form) => partsOf(form, String(key))).flatMap(formsOf),
    formsOf(schema),
  );
  return [...new Set(inner.flatMap((form) => (form instanceof z.ZodObject ? Object.keys(form.shape) : [])))];
}

/** What a schema reads, looking through defaults, options, transforms and unions. */
function formsOf(schema: unknown): readonly unknown[] {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
  ) {
    return formsOf(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return formsOf(schema.in);
  return schema instanceof z.ZodUnion ? schema.options.flatMap(formsOf) : [schema];
}

function partsOf(form: unknown, key: string): readonly unknown[] {
  if (form instanceof z.ZodObject) return [form.shape[key]];
  if (form instanceof z.ZodArray) return [form.element];
  return form instanceof z.ZodTuple ? [...form.def.items, form.def.rest] : [];
}
