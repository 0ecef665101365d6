/** The purposes for which the random bits of an event are drawn. */
export const Salt = {
  kind: 1,
  bot: 2,
  template: 3,
  late: 4,
  delay: 5,
  uuid: 6,
  request: 7,
  size: 8,
  canary: 9,
  canaryUuid: 10,
} as const;
