/** The membership of the group, in ms: how soon other members take over from one that died. */
export const SESSION = {
  sessionTimeout: 10_000,
  heartbeatInterval: 1000,
  rebalanceTimeout: 10_000,
} as const;
