package main

import (
	"testing"

	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// How a technician is told of a member.
func TestMemberState(t *testing.T) {
	for _, tt := range []struct {
		name        string
		m           replicate.MemberState
		leader      string
		state, say  string
		understands string
	}{
		{"the leader", replicate.MemberState{Member: replicate.Member{ID: "a"}, Voter: true, Self: true, Speaks: 1}, "a", "leads", "voter", "version 1"},
		{"a follower that answers", replicate.MemberState{Member: replicate.Member{ID: "b"}, Voter: true, Heard: true, Speaks: 2}, "a", "answers", "voter", "version 2"},
		{"one that does not", replicate.MemberState{Member: replicate.Member{ID: "b"}, Voter: true}, "a", "silent", "voter", "-"},
		{"one that is filled", replicate.MemberState{Member: replicate.Member{ID: "b"}, Heard: true, Newcomer: true}, "a", "new, being filled", "none", "-"},
		{"oneself without a leader", replicate.MemberState{Member: replicate.Member{ID: "b"}, Self: true}, "", "answers", "none", "-"},
	} {
		if got := []string{memberState(tt.m, tt.leader), sayOf(tt.m), readsOf(tt.m)}; got[0] != tt.state || got[1] != tt.say || got[2] != tt.understands {
			t.Errorf("%s: %q, want %q, %q, %q", tt.name, got, tt.state, tt.say, tt.understands)
		}
	}
}
