// How much of a crowd is read scheme by scheme.

/** Of more schemes than this, the bootstrap and what is read one by one (profiles, regions, residuals) are left out. */
export const MOST_IN_DETAIL = 40;

export const detailed = ({ schemes }: { readonly schemes: readonly unknown[] }): boolean =>
  schemes.length <= MOST_IN_DETAIL;
