// What rinsight train and demo call a task, and the sizes that go with it.
import type { Task } from "../scheme/task.js";
import { choice } from "./flags.js";

export const TASKS = ["language", "image-text", "emoji", "digits"] as const;

interface TaskSizes {
  readonly task?: Task;
  readonly context: string;
  readonly vocabulary: string;
  readonly validationWindows?: string;
}

const COLOUR = { side: 32, patch: 4, channels: 3 } as const;

/** What a name of TASKS stands for, and the sizes where no flag gives them; null for language. */
export function taskOf(where: string, name: string): TaskSizes | null {
  switch (choice(where, name, TASKS)) {
    case "language":
      return null;
    case "image-text":
      return {
        task: { kind: "image-text", picture: COLOUR },
        context: "24",
        vocabulary: "1024",
        validationWindows: "768",
      };
    case "emoji":
      return {
        task: { kind: "image-class", data: "emoji", picture: COLOUR },
        context: "64",
        vocabulary: "59",
        validationWindows: "900",
      };
    case "digits":
      return {
        task: { kind: "image-class", data: "mnist", picture: { side: 28, patch: 4, channels: 1 } },
        context: "49",
        vocabulary: "10",
        validationWindows: "1000",
      };
  }
}
