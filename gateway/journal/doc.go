// Package journal keeps what must not be lost: numbered records on flash, durable before anybody is told so.
// It does not decide what a tap means, does not talk to the network, and does not know Raft, whose log it also stores.
//
// Two types stand here. A [Log] is an append-only file format for opaque payloads with small stable values beside them.
// A [Journal] is the gateway's own log of taps: a Log whose payloads are contract records of one stream.
// DESIGN.md beside this file gives the format, the reasons and the guarantees.
package journal
