/** Something the person at the keyboard can fix: the message is a sentence that says how, and is printed without a stack. */
export class SetupError extends Error {
  override name = 'SetupError';
}
