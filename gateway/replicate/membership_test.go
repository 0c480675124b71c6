package replicate

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"
)

// suffrages are the members as a gateway's Raft knows them: names, in capitals those who have a say.
func (g *gateway) suffrages() []string {
	var all []string
	for _, s := range g.node.servers() {
		name := string(s.ID)
		if s.Suffrage == raft.Voter {
			name = strings.ToUpper(name)
		}
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// agreed waits until every running gateway of the cluster knows these members.
func (c *campus) agreed(want ...string) {
	c.t.Helper()
	for _, g := range c.gateways {
		if g.node == nil || !slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, g.member.ID) }) {
			continue
		}
		await(c.t, g.member.ID+" knows the members "+strings.Join(want, " "), func() bool { return slices.Equal(g.suffrages(), want) })
	}
}

// joins takes a gateway into the cluster by a command at another one.
func (g *gateway) joins(at *gateway, voter bool) {
	g.campus.t.Helper()
	if err := at.node.Join(g.campus.t.Context(), g.member, voter, func(string) {}); err != nil {
		g.campus.t.Fatalf("join %s at %s: %v", g.member.ID, at.member.ID, err)
	}
}

// Two more gateways join while everybody taps, asked at a follower; then the cluster outlives the loss of any two.
func TestClusterGrowsFromThreeToFive(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	asked := c.other(leader)
	stop := c.tapping(c.gateways...)
	fourth, fifth := c.newcomer(), c.newcomer()
	fourth.joins(asked, true)
	fifth.joins(asked, true)
	stop()
	c.agreed("GW-1", "GW-2", "GW-3", "GW-4", "GW-5")
	fourth.tap(5)
	c.settled()
	leader = c.leader()
	lost := c.other(leader)
	for _, g := range []*gateway{leader, lost} {
		c.lines.isolate(g.member.ID)
		g.halt()
	}
	left := c.other(leader, lost)
	left.tap(5)
	c.settled()
	for _, g := range []*gateway{leader, lost} {
		c.lines.heal(g.member.ID)
		g.start() // with the founders' list, which no longer is the cluster
		g.tap(3)
	}
	c.settled()
}

// A gateway alone becomes a cluster of three without losing what it holds.
func TestClusterGrowsFromOne(t *testing.T) {
	c := newCampus(t, 1, nil)
	first := c.gateways[0]
	first.tap(20)
	c.settled()
	c.newcomer().joins(first, true)
	c.newcomer().joins(first, true)
	c.agreed("GW-1", "GW-2", "GW-3")
	c.gateways[2].tap(4)
	c.settled()
	first.halt()
	c.gateways[1].tap(4)
	c.settled()
	first.start()
	c.settled()
}

// The rest of a campus holds every record and has no say: it neither makes a majority nor breaks one.
func TestNonVoterHoldsEverythingAndHasNoSay(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	quiet := c.newcomer()
	quiet.joins(leader, false)
	c.agreed("GW-1", "GW-2", "GW-3", "gw-4")
	quiet.tap(7)
	c.settled()
	leader = c.leader()
	a := c.other(leader, quiet)
	b := c.other(leader, quiet, a)
	c.lines.isolate(a.member.ID)
	c.lines.isolate(b.member.ID)
	before := leader.node.Watermark(leader.journal.Stream())
	leader.tap(3)
	await(t, "no leader is left with one voter and one non-voter", func() bool { return !leader.node.IsLeader() && !quiet.node.IsLeader() })
	if got := quiet.node.Watermark(leader.journal.Stream()); got != before {
		t.Errorf("the non-voter holds %d without a majority of voters, want %d", got, before)
	}
	c.lines.heal(a.member.ID)
	c.lines.heal(b.member.ID)
	c.settled()
	quiet.halt()
	a.tap(3)
	c.settled()
	quiet.start()
	c.settled()
}

// Who leaves is a stranger from then on, also when it led; the rest goes on.
func TestLeaderLeaves(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	leader.tap(5)
	c.settled()
	if err := leader.node.Leave(t.Context(), false, func(string) {}); err != nil {
		t.Fatal(err)
	}
	a := c.other(leader)
	b := c.other(leader, a)
	want := []string{strings.ToUpper(a.member.ID), strings.ToUpper(b.member.ID)}
	slices.Sort(want)
	c.agreed(want...)
	_, err := leader.node.caller.ask(t.Context(), a.member, command{kind: kindAck, stream: streamA, seq: 1}.encode())
	if err == nil {
		t.Error("a gateway that left may still ship")
	}
	leader.halt()
	a.tap(5)
	c.settled()
}

// With one of three dead, taking out another would leave no majority: it waits, and does it when told so.
func TestRemovalKeepsTheMajority(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	dead := c.other(leader)
	going := c.other(leader, dead)
	c.lines.isolate(dead.member.ID)
	dead.halt()
	await(t, "the leader misses the dead one", func() bool {
		return !leader.node.vitals(dead.member.ID).alive && leader.node.vitals(going.member.ID).alive
	})
	ctx, cancel := context.WithCancel(t.Context())
	var said []string
	err := leader.node.Remove(ctx, going.member.ID, false, func(s string) {
		said = append(said, s)
		cancel()
	})
	if !errors.Is(err, context.Canceled) || len(said) != 1 || !strings.Contains(said[0], "no majority") {
		t.Errorf("Remove = %v, saying %q; want it to wait for a majority", err, said)
	}
	if err := leader.node.Remove(t.Context(), dead.member.ID, false, func(string) {}); err != nil {
		t.Errorf("remove the dead one: %v", err)
	}
	leader.tap(3)
	going.holds(leader.journal)
}

// The leader follows what central wants: two come, two go, one moves to another port, one loses its say.
func TestLeaderFollowsCentral(t *testing.T) {
	c := newCampus(t, 3, nil)
	c.leader()
	stop := c.tapping(c.gateways[0])
	fourth, fifth := c.newcomer(), c.newcomer()
	publish := func(version uint64, voters, others []*gateway) {
		d := Desired{Version: version}
		for _, g := range voters {
			d.Voters = append(d.Voters, g.member)
		}
		for _, g := range others {
			d.NonVoters = append(d.NonVoters, g.member)
		}
		for _, g := range c.gateways {
			if g.node != nil {
				g.node.Want(d)
			}
		}
	}
	all := c.gateways
	publish(1, all, nil)
	c.agreed("GW-1", "GW-2", "GW-3", "GW-4", "GW-5")
	if err := fourth.node.Join(t.Context(), fifth.member, true, func(string) {}); !errors.Is(err, ErrCentral) {
		t.Errorf("Join by hand = %v, want ErrCentral", err)
	}
	publish(2, []*gateway{all[0], fourth, fifth}, []*gateway{all[1]})
	c.agreed("GW-1", "GW-4", "GW-5", "gw-2")
	stop()
	fifth.halt()
	fifth.move()
	fifth.tune = func(o *Options) {
		o.Desired = Desired{Version: 3, Voters: []Member{all[0].member, fourth.member, fifth.member}, NonVoters: []Member{all[1].member}}
	}
	fifth.start()
	publish(3, []*gateway{all[0], fourth, fifth}, []*gateway{all[1]})
	fifth.tap(3)
	all[0].holds(fifth.journal)
	all[1].holds(all[0].journal)
	await(t, "everybody knows the new address", func() bool {
		for _, s := range all[0].node.servers() {
			if string(s.ID) == fifth.member.ID {
				return string(s.Address) == fifth.member.Address
			}
		}
		return false
	})
}

// A board died and its successor comes under the same name with an empty disk: it gets everything, its say last, and its taps
// come from a new stream.
func TestDeadGatewayIsReplaced(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	dead := c.other(leader)
	other := c.other(leader, dead)
	dead.tap(12)
	c.settled()
	old := dead.journal.Stream()
	dead.halt()
	remove(t, dead.dir)
	dead.join = true
	want := Desired{Version: 1, Voters: c.founders}
	var seen []string
	dead.start()
	if !dead.node.newcomer.Load() {
		t.Error("a gateway with an empty disk does not know that it is new")
	}
	for _, g := range c.gateways {
		g.node.Want(want)
	}
	await(t, "it has its say again", func() bool {
		for _, s := range leader.node.servers() {
			if string(s.ID) == dead.member.ID {
				seen = append(seen, s.Suffrage.String())
			}
		}
		return !dead.node.newcomer.Load() && len(seen) > 0 && seen[len(seen)-1] == "Voter"
	})
	if !slices.Contains(seen, "Nonvoter") {
		t.Errorf("it was %v, never without a say", slices.Compact(seen))
	}
	if got := dead.node.Watermark(old); got != 12 {
		t.Errorf("it holds %d records of its predecessor, want 12", got)
	}
	dead.tap(5)
	c.settled()
	other.halt()
	dead.tap(2)
	c.settled()
	dead.halt() // being new is over for good
	other.start()
	dead.start()
	if dead.node.newcomer.Load() {
		t.Error("after a restart it is new again")
	}
	c.settled()
}

// A blank successor has no vote before it was taken in: its predecessor's promises are unknown to it. With another one away
// there is no majority then, and no leader, until that one is back.
func TestNewcomerHasNoVote(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	dead := c.other(leader)
	away := c.other(leader, dead)
	leader.tap(3)
	c.settled()
	for _, g := range c.gateways {
		g.halt()
	}
	remove(t, dead.dir)
	dead.join = true
	dead.start()
	leader.start()
	req := raft.RequestVoteRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(leader.member.ID)}, Term: 100, LastLogIndex: 1000, LastLogTerm: 99}
	var resp raft.RequestVoteResponse
	err := leader.node.network.RequestVote(raft.ServerID(dead.member.ID), raft.ServerAddress(dead.member.Address), &req, &resp)
	if err == nil || !strings.Contains(err.Error(), ErrNewcomer.Error()) {
		t.Errorf("a blank gateway answers a candidate %+v, %v; want %v", resp, err, ErrNewcomer)
	}
	away.start()
	for _, g := range c.gateways {
		g.node.Want(Desired{Version: 1, Voters: c.founders})
	}
	await(t, "it was taken in", func() bool { return !dead.node.newcomer.Load() })
	c.agreed("GW-1", "GW-2", "GW-3")
	dead.tap(2)
	c.settled()
}

// A gateway that was alone joins others: its Raft history is set aside, its records come again from its journal.
func TestGatewayComesFromAnotherCluster(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	leader.tap(5)
	late := c.enrol()
	alone := true
	late.tune = func(o *Options) {
		if alone {
			o.Members = []Member{late.member}
		}
	}
	late.start()
	late.tap(8)
	late.holds(late.journal)
	late.halt()
	alone, late.join = false, true
	late.start()
	late.joins(leader, true)
	c.settled()
	left, err := filepath.Glob(filepath.Join(late.options().Dir, "left-*", currentDir))
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v: want the former replica set aside once", left, err)
	}
	if err := late.node.Leave(t.Context(), false, func(string) {}); err != nil { // and the other way
		t.Fatal(err)
	}
	late.halt()
	alone, late.join = true, false
	remove(t, filepath.Join(late.options().Dir, filepath.Base(filepath.Dir(left[0]))))
	late.start()
	late.holds(late.journal)
	if got := late.suffrages(); !slices.Equal(got, []string{"GW-4"}) {
		t.Errorf("members = %v, want itself alone", got)
	}
}

// All members that a gateway knew were replaced while it was away: one who still remembers it tells it who they are now.
func TestLostGatewayLearnsWhoLeads(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	away := c.other(leader)
	stays := c.other(leader, away)
	away.tap(3)
	c.settled()
	away.halt()
	fourth, fifth := c.newcomer(), c.newcomer()
	fourth.joins(leader, true)
	fifth.joins(leader, true)
	if err := fourth.node.Remove(t.Context(), leader.member.ID, false, func(string) {}); err != nil {
		t.Fatal(err)
	}
	leader.halt()
	c.gateways = slices.DeleteFunc(c.gateways, func(g *gateway) bool { return g == leader })
	for c.leader() == stays { // the one it knows must not be the one who leads
		if err := stays.node.raft.LeadershipTransfer().Error(); err != nil {
			t.Log(err)
		}
		await(t, "another one leads", func() bool { return !stays.node.IsLeader() })
	}
	away.start()
	fourth.tap(4)
	away.tap(4)
	c.settled()
}

// Every member but one is lost for good. Recovered by hand it leads alone, with everything it held, and others join it.
func TestRecoverAfterTheMajorityIsLost(t *testing.T) {
	c := newCampus(t, 3, shortLogs)
	leader := c.leader()
	left := c.other(leader)
	for _, g := range c.gateways {
		g.tap(15)
	}
	c.gateways[0].forget()
	c.settled()
	gone := []*gateway{leader, c.other(leader, left)}
	want := timeless(left.node.Streams())
	for _, g := range gone {
		c.lines.isolate(g.member.ID)
		g.halt()
	}
	left.tap(4)
	if _, err := Recover(left.options(), []Member{left.member}); err == nil {
		t.Error("a running gateway was recovered")
	}
	left.halt()
	done, err := Recover(left.options(), []Member{left.member})
	if err != nil || done.Index == 0 || done.Term == 0 {
		t.Fatalf("Recover = %+v, %v", done, err)
	}
	left.start()
	if got := left.suffrages(); !slices.Equal(got, []string{strings.ToUpper(left.member.ID)}) {
		t.Fatalf("members = %v, want it alone", got)
	}
	left.holds(left.journal)
	for _, s := range want {
		if got := left.node.Watermark(s.Stream); got < s.Replicated {
			t.Errorf("stream %s is here up to %d, want at least %d", s.Stream, got, s.Replicated)
		}
	}
	c.gateways = []*gateway{left}
	for _, g := range gone { // they come back wiped, as the runbook says
		remove(t, g.options().Dir)
		c.lines.heal(g.member.ID)
		g.join = true
		g.start()
		c.gateways = append(c.gateways, g)
		g.joins(left, true)
	}
	c.agreed("GW-1", "GW-2", "GW-3")
	c.settled()
}

func TestRecoverRefuses(t *testing.T) {
	o := Options{ID: "gw-1", Dir: t.TempDir(), ReserveBytes: -1}
	if _, err := Recover(o, []Member{{"gw-1", "a:1"}}); err == nil || !strings.Contains(err.Error(), "never been in a cluster") {
		t.Errorf("Recover of an empty disk = %v", err)
	}
	if _, err := Recover(o, []Member{{"gw-2", "a:1"}}); err == nil {
		t.Error("a gateway recovers a cluster it is not in")
	}
}

// steadily appends taps at a gateway until stop is called, and lets no more than a few commands' worth wait for the cluster.
func (c *campus) steadily(g *gateway) (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	j, node := g.journal, g.node
	go func() {
		defer close(done)
		for {
			moved := node.Changed()
			ready := make(chan struct{})
			if j.Durable()-node.Watermark(j.Stream()) < 64 {
				close(ready)
			}
			select {
			case <-ended:
				return
			case <-moved:
			case <-ready:
				if _, err := j.Append(tapRecord(streamA, 1)); err != nil {
					c.t.Errorf("tap at %s: %v", g.member.ID, err)
					return
				}
			}
		}
	}()
	return func() {
		close(ended)
		<-done
	}
}

// Five members: records come without a pause, one member after the other is cut off for so long that it needs a snapshot, and
// installs it under load.
func TestSnapshotsUnderLoadOfFive(t *testing.T) {
	c := newCampus(t, 5, func(o *Options) {
		shortLogs(o)
		o.HeartbeatWithin, o.LeaseWithin = time.Second, 500*time.Millisecond
	})
	leader := c.leader()
	late := c.other(leader)
	later := c.other(leader, late)
	stop := c.steadily(leader)
	for _, g := range []*gateway{late, later} {
		c.lines.isolate(g.member.ID)
		held := g.node.raft.LastIndex()
		await(t, "the entries that "+g.member.ID+" lacks are forgotten", func() bool {
			l := c.leader()
			return l.node.journal.First() > held+1
		})
		c.lines.heal(g.member.ID)
		await(t, g.member.ID+" has installed a snapshot", func() bool {
			meta, err := g.node.replica.snapshot()
			return err == nil && meta.Index > held
		})
	}
	stop()
	c.settled()
	late.halt()
	late.start()
	c.settled()
}

func TestOverview(t *testing.T) {
	c := newCampus(t, 3, func(o *Options) { o.Build = "1.2.3" })
	leader := c.leader()
	follower := c.other(leader)
	follower.follows(leader)
	var got Overview
	await(t, "the leader has heard everybody", func() bool {
		got = follower.node.Overview(t.Context())
		return got.Seen == leader.member.ID && !slices.ContainsFunc(got.Members, func(m MemberState) bool { return !m.Heard })
	})
	if got.Leader != leader.member.ID || got.Term == 0 || got.Central != 0 {
		t.Errorf("overview = %+v", got)
	}
	for i, m := range got.Members {
		m.Behind, m.Sound = 0, 0
		want := MemberState{Member: c.gateways[i].member, Voter: true, Self: m.ID == leader.member.ID, Heard: true, Speaks: newestCommand, Build: "1.2.3"}
		if diff := cmp.Diff(m, want); diff != "" {
			t.Errorf("member (-got +want):\n%s", diff)
		}
	}
}
