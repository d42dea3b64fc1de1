/**
 * Does the work on each at the same time, and ends when all have ended: also when one fails, so that
 * nothing of it happens behind the failure. Throws what failed first.
 */
export async function settleAll<From, To>(
  from: readonly From[],
  work: (each: From) => Promise<To>,
): Promise<readonly To[]> {
  const failures: unknown[] = [];
  const outcomes = await Promise.allSettled(from.map((each) =>
    work(each).catch((error) => {
      failures.push(error);
      throw error;
    })
  ));
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw failures[0];
    return outcome.value;
  });
}
