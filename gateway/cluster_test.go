package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/console"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// say has central tell gateways of a cluster from now on; the members begin it. Without members there is none.
func (m *model) say(t *testing.T, revision uint64, cluster string, members ...contract.DirectoryMember) {
	t.Helper()
	document, err := json.Marshal(contract.Directory{Revision: revision, MadeAt: time.Now().UTC(), Cluster: cluster, Founders: members, Members: members})
	if err != nil {
		t.Fatal(err)
	}
	signature, err := contract.Sign(m.key, document)
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.directory, m.revision = contract.SignedDirectory{Document: document, Signature: signature}, revision
	close(m.said)
	m.said = make(chan struct{})
}

// sendDirectory waits for another revision as central does.
func (m *model) sendDirectory(w http.ResponseWriter, r *http.Request) {
	have, _ := strconv.ParseUint(r.URL.Query().Get("have"), 10, 64)
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait"))
	timeout := time.After(time.Duration(seconds) * time.Second)
	for {
		m.mu.Lock()
		revision, d, said := m.revision, m.directory, m.said
		m.mu.Unlock()
		if revision != have && revision > 0 {
			writeJSON(w, d)
			return
		}
		select {
		case <-said:
		case <-r.Context().Done():
			return
		case <-timeout:
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
}

// awaitOverview asks the running gateway's console until the cluster is as wanted.
func awaitOverview(t *testing.T, data, what string, wanted func(replicate.Overview) bool) {
	t.Helper()
	client, limit := console.NewClient(console.Socket(data)), deadline(t)
	var last replicate.Overview
	var failed error
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		last, failed = client.Cluster(ctx)
		cancel()
		if failed == nil && wanted(last) {
			return
		}
		select {
		case <-limit:
			t.Fatalf("not within %v: %s; it is %+v, %v", patience, what, last, failed)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Central puts a gateway that was alone into a cluster, moves it to another, and takes it out: it follows by itself, its
// taps go on, and what it knew of the former cluster lies aside.
func TestGatewayFollowsCentralIntoACluster(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := enrolledSite(t, m, r)
	start(t, c)
	awaitOverview(t, c.Data, "it is alone and leads", func(o replicate.Overview) bool { return o.Central == 0 && o.Leader == "library" })
	r.awaitSteady(t, blue)
	r.cards <- knownCard
	r.awaitFlash(t, green)

	self := contract.DirectoryMember{Gateway: "library", Address: freeAddress(t), Voter: true, Founder: true}
	m.say(t, 1, "west", self)
	awaitOverview(t, c.Data, "it leads cluster west", func(o replicate.Overview) bool { return o.Central == 1 && o.Leader == "library" })
	r.awaitSteady(t, blue)
	r.cards <- strangeCard
	r.awaitFlash(t, red)

	absent := contract.DirectoryMember{Gateway: "union", Address: freeAddress(t), Voter: true}
	m.say(t, 2, "west", self, absent)
	awaitOverview(t, c.Data, "it takes a member in that is not there yet", func(o replicate.Overview) bool {
		return o.Central == 2 && len(o.Members) == 2 && o.Leader == "library" && !o.Members[1].Voter && o.Waits != ""
	})

	other := self
	other.Founder = false
	m.say(t, 3, "east", other, contract.DirectoryMember{Gateway: "science", Address: freeAddress(t), Voter: true})
	awaitOverview(t, c.Data, "it waits to be taken in by the other cluster", func(o replicate.Overview) bool {
		return o.Central == 3 && o.Leader == "" && len(o.Members) == 0
	})
	m.say(t, 4, "")
	awaitOverview(t, c.Data, "it is alone again", func(o replicate.Overview) bool {
		return o.Central == 0 && o.Leader == "library" && len(o.Members) == 1
	})
	r.awaitSteady(t, blue)
	m.awaitTaps(t, 2)
	if left, err := filepath.Glob(filepath.Join(c.Data, "cluster", "left-*")); err != nil || len(left) == 0 {
		t.Errorf("nothing of the former clusters lies aside: %v, %v", left, err)
	}
}

// A gateway that holds copies is asked to cosign what it has copies of: who makes its parts must not forget it.
func TestGatewayWithCopiesIsAWitness(t *testing.T) {
	m, r := newModel(t), newReader(t)
	g := stopped(t, enrolledSite(t, m, r))
	if g.cluster == nil || g.witness == nil || g.reporter.Cosign == nil {
		t.Errorf("cluster %v, witness %v: want both, and the reporter to ask it", g.cluster != nil, g.witness != nil)
	}
}
