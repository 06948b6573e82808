/** The platform's rule for names of rooms; what it does not allow is not sent. */
export const isRoom = (text: string): boolean =>
  text.length <= 64 && /^[^\s{}\p{C}\p{Default_Ignorable_Code_Point}\ufffd]+$/u.test(text);
