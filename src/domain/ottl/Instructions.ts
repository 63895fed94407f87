/**
 * The operations of a program. Instructions are six numbers: operation, three operands, where to go on if true and if false. Actions go
 * on at `ifTrue`, and a negative target ends the statement.
 */
export const Op = {
  keyText: 0,
  keyNumber: 1,
  keyNil: 2,
  keyBool: 3,
  keyMatch: 4,
  fieldNumber: 5,
  fieldText: 6,
  compare: 7,
  test: 8,
  setConstant: 9,
  deleteKey: 10,
  edit: 11,
  match: 12
} as const
