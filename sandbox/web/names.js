// From ids to names, for mentions and lists.

/** `user` is the person looking: their own mentions stand out. */
export function makeNames(state, user) {
  const people = new Map(state.people.map((person) => [person.id, person]));
  const channels = new Map(state.channels.map((channel) => [channel.id, channel.name]));
  const groups = new Map(state.groups.map((group) => [group.id, group]));
  return {
    person: (id) => people.get(id),
    user: (id) => people.get(id)?.name || (id === state.app.user_id ? state.app.name : ""),
    channel: (id) => channels.get(id) || "",
    group: (id) => groups.get(id)?.handle || "",
    isApp: (id) => id === state.app.user_id,
    isMe: (id) => id === user,
    isMine: (id) => Boolean(groups.get(id)?.members?.includes(user)),
    people: () => state.people.map((person) => [person.id, person.name]),
    channels: () => state.channels.filter((channel) => !channel.dm).map((channel) => [channel.id, channel.name]),
  };
}
