/** What Node's timers can do. */

/** The longest delay in ms; a longer one would come at once. */
export const longestTimerMs = 0x7fff_ffff;
