package web

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/fleet"
)

// clustersOfTests is a cluster that lost its majority, one that takes a spare in, one that central did not make, and one of older
// releases.
func clustersOfTests(context.Context) (fleet.Status, error) {
	heard, gone := present.Add(-4*time.Second), present.Add(-47*time.Minute)
	member := func(id string, wanted, is fleet.Say) fleet.MemberStatus {
		return fleet.MemberStatus{Gateway: id, Address: "10.1.0.11:7101", Wanted: wanted, Is: is, Heard: true, HeardAt: heard, Told: true}
	}
	silent := func(id string) fleet.MemberStatus {
		m := member(id, fleet.Voter, fleet.Voter)
		m.Heard, m.HeardAt, m.Records = false, gone, 527
		return m
	}
	leads := func(m fleet.MemberStatus) fleet.MemberStatus { m.Leads = true; return m }
	spare := member("gw-sports", fleet.Voter, fleet.Holder)
	spare.Entries, spare.Records = 61, 1_204
	older := fleet.MemberStatus{Gateway: "gw-law", Address: "10.3.0.1:7101", Wanted: fleet.Voter, Heard: true, HeardAt: heard}
	return fleet.Status{Alone: []string{"gw-hut", "gw-barn"}, Clusters: []fleet.ClusterStatus{
		{Name: "east", Health: fleet.Lost, Term: 12, Said: "gw-library", SaidAt: heard, Voters: 3, Heard: 1, Farthest: "gw-library",
			Members: []fleet.MemberStatus{silent("gw-engineering"), member("gw-library", fleet.Voter, fleet.Voter), silent("gw-union")}},
		{Name: "west", Health: fleet.Whole, Leader: "gw-arts", Term: 1_204, Said: "gw-arts", SaidAt: heard, Voters: 2, Heard: 2, Waits: "gw-sports becomes a voter once it has kept up for a while",
			Members: []fleet.MemberStatus{leads(member("gw-arts", fleet.Voter, fleet.Voter)), member("gw-barracks", fleet.Absent, fleet.Voter), spare, member("gw-tower", fleet.Holder, fleet.Absent)}},
		{Health: fleet.Whole, Leader: "gw-north", Said: "gw-north", SaidAt: heard, Voters: 1, Heard: 1, Members: []fleet.MemberStatus{leads(member("gw-north", fleet.Absent, fleet.Voter)), member("gw-south", fleet.Absent, fleet.Holder)}},
		{Name: "law", Health: fleet.Unsaid, Voters: 1, Heard: 1, Members: []fleet.MemberStatus{older}},
	}}, nil
}

func TestClusterIsToldInWords(t *testing.T) {
	for _, tt := range []struct {
		c                     fleet.ClusterStatus
		class, word, sentence string
	}{
		{fleet.ClusterStatus{Health: fleet.Whole, Name: "west", Leader: "a", Voters: 3, Heard: 3}, "ok", "Whole", "a leads, every voter reports, and its members are those that are wanted"},
		{fleet.ClusterStatus{Health: fleet.Whole, Leader: "a", Voters: 3, Heard: 3}, "ok", "Whole", "a leads and every voter reports."},
		{fleet.ClusterStatus{Name: "west", Health: fleet.Whole, Leader: "a", Said: "a", Members: []fleet.MemberStatus{{Gateway: "d", Wanted: fleet.Voter}}}, "warn", "Changing", "1 step is still to be done"},
		{fleet.ClusterStatus{Health: fleet.Degraded, Leader: "a", Voters: 5, Heard: 3}, "warn", "Not all report", "2 voters are not reporting to central; if fewer than 3 of 5 voters are left"},
		{fleet.ClusterStatus{Health: fleet.Leaderless, Voters: 3, Heard: 2}, "bad", "No leader", "2 of 3 voters report and none knows of a leader"},
		{fleet.ClusterStatus{Health: fleet.Lost, Voters: 3, Heard: 1}, "bad", "Majority lost", "Only 1 of 3 voters reports"},
		{fleet.ClusterStatus{Health: fleet.Unheard, Voters: 3}, "plain", "Not heard", "None of its members reports"},
		{fleet.ClusterStatus{Health: fleet.Unsaid, Voters: 3, Heard: 3}, "plain", "Not said", "rollcall-gateway cluster status"},
	} {
		class, word, sentence := healthWords(tt.c)
		if class != tt.class || word != tt.word || !strings.Contains(sentence, tt.sentence) {
			t.Errorf("%+v is told as %s, %s: %s; want %s, %s: %s", tt.c, class, word, sentence, tt.class, tt.word, tt.sentence)
		}
	}
}

// Only who has lost a majority is told to recover, and on which gateway.
func TestRecoveryIsAdvisedOnlyWhenAMajorityIsLost(t *testing.T) {
	for h := fleet.Whole; h <= fleet.Lost; h++ {
		c := fleet.ClusterStatus{Name: "east", Health: h, Said: "a", Farthest: "a", Members: []fleet.MemberStatus{{Gateway: "a", Is: fleet.Voter, Heard: true}, {Gateway: "b", Is: fleet.Voter}, {Gateway: "c", Is: fleet.Voter}}}
		card := clustersOf(fleet.Status{Clusters: []fleet.ClusterStatus{c}}, present).Clusters[0]
		advised := slices.ContainsFunc(card.Steps, func(s step) bool {
			return strings.HasPrefix(s.Words, "On a, ") && slices.Contains(s.Commands, "runuser -u rollcall -- rollcall-gateway cluster recover")
		})
		if advised != (h == fleet.Lost) {
			t.Errorf("health %d: steps %+v", h, card.Steps)
		}
	}
}
