/** An error that the user can fix. Its message says how, and is printed without a stack. */
export class SetupError extends Error {
  override name = 'SetupError';
}
