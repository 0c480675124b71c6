package fleet

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// board makes a fleet for a test of view. Gateways a, b and c are the voters of a cluster that central made, heard a second ago; a
// leads in term 4, and all hold everything.
func board() (view, []Cluster) {
	now := time.Date(2026, 11, 19, 10, 20, 0, 0, time.UTC)
	v := view{now: now, gateways: map[string]Gateway{}}
	raft := []contract.ClusterMember{{Gateway: "a", Address: "a:1", Voter: true}, {Gateway: "b", Address: "b:1", Voter: true}, {Gateway: "c", Address: "c:1", Voter: true}}
	c := Cluster{Name: "west"}
	for _, id := range []string{"a", "b", "c"} {
		v.gateways[id] = Gateway{ID: id, HeardAt: now.Add(-time.Second), Report: &contract.Report{
			Streams: []contract.StreamState{{Stream: contract.Stream{1}, Durable: 50}, {Stream: contract.Stream{2}, Durable: 7}},
			Cluster: &contract.ClusterState{Leader: "a", Term: 4, Last: 90, Applied: 90, Follows: 12, Members: raft},
		}}
		c.Members = append(c.Members, contract.DirectoryMember{Gateway: id, Address: id + ":1", Voter: true, Founder: true})
	}
	return v, []Cluster{c}
}

func (v view) change(id string, do func(g *Gateway, s *contract.ClusterState)) {
	g := v.gateways[id]
	do(&g, g.Report.Cluster)
	v.gateways[id] = g
}

func (v view) hush(ids ...string) {
	for _, id := range ids {
		v.change(id, func(g *Gateway, _ *contract.ClusterState) { g.HeardAt = v.now.Add(-time.Hour) })
	}
}

func TestHealthOfAClusterIsToldFromReports(t *testing.T) {
	forget := func(_ *Gateway, s *contract.ClusterState) { s.Leader = "" }
	for _, tt := range []struct {
		name     string
		change   func(v view)
		want     Health
		farthest string
	}{
		{"everybody reports", func(view) {}, Whole, "a"},
		{"a follower is silent", func(v view) { v.hush("c") }, Degraded, "a"},
		{"two have no way to central, and one of them leads", func(v view) { v.hush("a", "b") }, Degraded, "c"},
		{"two are dead, and the third knows of no leader", func(v view) { v.hush("a", "b"); v.change("c", forget) }, Lost, "c"},
		{"the dead ones' last word does not count, whatever its term", func(v view) {
			v.hush("a", "b")
			v.change("a", func(_ *Gateway, s *contract.ClusterState) { s.Term = 99 })
			v.change("c", forget)
		}, Lost, "c"},
		{"who is revoked is as good as dead", func(v view) {
			for _, id := range []string{"a", "b"} {
				v.change(id, func(g *Gateway, _ *contract.ClusterState) { g.RevokedAt = v.now })
			}
			v.change("c", forget)
		}, Lost, "c"},
		{"all report and none reaches another", func(v view) {
			for _, id := range []string{"a", "b", "c"} {
				v.change(id, forget)
			}
			v.change("b", func(_ *Gateway, s *contract.ClusterState) { s.Last++ })
		}, Leaderless, "b"},
		{"nobody reports", func(v view) { v.hush("a", "b", "c") }, Unheard, ""},
		{"older releases say nothing", func(v view) {
			for _, id := range []string{"a", "b", "c"} {
				v.gateways[id].Report.Cluster = nil
			}
		}, Unsaid, ""},
		{"who led before the election does not count any more", func(v view) {
			for _, id := range []string{"b", "c"} {
				v.change(id, func(_ *Gateway, s *contract.ClusterState) { s.Leader, s.Term = "b", 5 })
			}
		}, Whole, "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, clusters := board()
			tt.change(v)
			s := v.status(clusters).Clusters[0]
			if s.Health != tt.want || s.Farthest != tt.farthest || s.Voters != 3 {
				t.Errorf("health %d, farthest %q, voters %d; want %d, %q, 3: %+v", s.Health, s.Farthest, s.Voters, tt.want, tt.farthest, s)
			}
		})
	}
}

// One cluster in the middle of everything: c is replaced by d, b is to lose its say, e is to hold copies, a moves.
func TestWhatIsStillToBeDoneIsTold(t *testing.T) {
	v, clusters := board()
	raft := []contract.ClusterMember{{Gateway: "a", Address: "old:1", Voter: true}, {Gateway: "b", Address: "b:1", Voter: true}, {Gateway: "c", Address: "c:1", Voter: true}, {Gateway: "d", Address: "d:1"}}
	v.change("a", func(_ *Gateway, s *contract.ClusterState) {
		s.Members, s.Waits = raft, "d becomes a voter once it has kept up for a while"
	})
	v.hush("c")
	v.gateways["d"] = Gateway{ID: "d", HeardAt: v.now, Report: &contract.Report{Streams: []contract.StreamState{{Stream: contract.Stream{1}, Durable: 20}}, Cluster: &contract.ClusterState{Applied: 30, Newcomer: true}}}
	clusters[0].Members = []contract.DirectoryMember{
		{Gateway: "a", Address: "a:1", Voter: true}, {Gateway: "b", Address: "b:1"}, {Gateway: "d", Address: "d:1", Voter: true}, {Gateway: "e", Address: "e:1"},
	}
	s := v.status(clusters).Clusters[0]
	type line struct {
		Gateway          string
		Wanted, Is       Say
		Due              Due
		Entries, Records uint64
	}
	var got []line
	for _, m := range s.Members {
		got = append(got, line{m.Gateway, m.Wanted, m.Is, s.Due(m), m.Entries, m.Records})
	}
	want := []line{
		{"a", Voter, Voter, Move, 0, 0}, {"b", Holder, Voter, Demote, 0, 0}, {"c", Absent, Voter, TakeOut, 0, 0},
		{"d", Voter, Holder, Promote, 60, 37}, // 90 less 30; 50 less 20, and 7 of the other stream
		{"e", Holder, Absent, TakeIn, 0, 57},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if s.Open() != 5 || s.Waits == "" || s.Said != "a" || s.Health != Degraded {
		t.Errorf("open %d, waits %q by %q, health %d; want 5, the leader's reason by a, and that not all report", s.Open(), s.Waits, s.Said, s.Health)
	}
	if d := s.Members[3]; !d.Blank || !d.Untold {
		t.Errorf("the spare %+v, want it blank and acting on its own configuration", d)
	}
}

// What gateways agreed by their files is shown as well, and who copies to nobody is named.
func TestClustersThatCentralDidNotMake(t *testing.T) {
	v, _ := board()
	v.gateways["x"] = Gateway{ID: "x", HeardAt: v.now, Report: &contract.Report{Cluster: &contract.ClusterState{Leader: "x", Members: []contract.ClusterMember{{Gateway: "x", Voter: true}}}}}
	v.gateways["y"] = Gateway{ID: "y"}
	v.gateways["z"] = Gateway{ID: "z", RevokedAt: v.now}
	s := v.status(nil)
	if diff := cmp.Diff([]string{"x", "y"}, s.Alone); diff != "" {
		t.Errorf("alone (-want +got):\n%s", diff)
	}
	if len(s.Clusters) != 1 || s.Clusters[0].Name != "" || s.Clusters[0].Health != Whole || s.Clusters[0].Open() != 0 || len(s.Clusters[0].Members) != 3 {
		t.Errorf("clusters = %+v, want one of three without a name, whole, with nothing to be done", s.Clusters)
	}
}
