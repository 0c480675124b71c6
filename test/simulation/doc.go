// Package simulation runs a whole university in fake time: central with its real database, and a cluster of three gateways made
// of their real parts, with real Raft, TLS and HTTP between them. A seeded plan cuts lines and power, isolates buildings for
// hours, keeps central down and sets clocks, while people tap at the pace of a day of teaching; an oracle holds what was shown at
// the doors against what central and every replica hold in the end.
//
// Only what cannot live in a bubble of fake time is left out: readers on ttys, listeners on sockets, processes. Days pass in
// seconds; see README.md.
package simulation
