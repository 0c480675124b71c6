package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// circle is a cluster as a test wants it: it notes what it was asked and says two steps.
type circle struct {
	overview replicate.Overview
	fails    error
	asked    []string
}

func (c *circle) Overview(context.Context) replicate.Overview { return c.overview }

func (c *circle) Join(_ context.Context, m replicate.Member, voter bool, each func(string)) error {
	return c.did(fmt.Sprint("join ", m.ID, " at ", m.Address, ", voter ", voter), each)
}

func (c *circle) Remove(_ context.Context, id string, force bool, each func(string)) error {
	return c.did(fmt.Sprint("remove ", id, ", forced ", force), each)
}

func (c *circle) Leave(_ context.Context, force bool, each func(string)) error {
	return c.did(fmt.Sprint("leave, forced ", force), each)
}

func (c *circle) did(what string, each func(string)) error {
	c.asked = append(c.asked, what)
	each("taken in")
	each("waits")
	return c.fails
}

func TestClusterCrosses(t *testing.T) {
	want := replicate.Overview{Seen: "a", Leader: "b", Term: 7, Central: 3, Waits: "for c", Members: []replicate.MemberState{
		{Member: replicate.Member{ID: "a", Address: "a:1"}, Voter: true, Self: true, Heard: true, Behind: 4, Speaks: 1, Build: "1.2", Sound: time.Minute},
		{Member: replicate.Member{ID: "c", Address: "c:1"}, Newcomer: true},
	}}
	c := &circle{overview: want}
	client, _, _ := serving(t, &shop{cluster: c})
	got, err := client.Cluster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("overview (-want +got):\n%s", diff)
	}
	var steps []string
	note := func(step string) { steps = append(steps, step) }
	for _, err := range []error{
		client.Join(t.Context(), Join{Gateway: "d", Address: "d:1", Voter: true}, note),
		client.Remove(t.Context(), Remove{Gateway: "c", Force: true}, note),
		client.Remove(t.Context(), Remove{}, note),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if want := []string{"join d at d:1, voter true", "remove c, forced true", "leave, forced false"}; !slices.Equal(c.asked, want) {
		t.Errorf("asked for %q, want %q", c.asked, want)
	}
	if want := []string{"taken in", "waits", "taken in", "waits", "taken in", "waits"}; !slices.Equal(steps, want) {
		t.Errorf("steps %q, want %q", steps, want)
	}
	c.fails = replicate.ErrCentral
	if err := client.Join(t.Context(), Join{Gateway: "d"}, note); err == nil || err.Error() != replicate.ErrCentral.Error() {
		t.Errorf("Join = %v, want the words of ErrCentral", err)
	}
}

func TestGatewayWithoutACluster(t *testing.T) {
	client, _, _ := serving(t, &shop{})
	_, err := client.Cluster(t.Context())
	for _, err := range []error{err, client.Join(t.Context(), Join{}, nil), client.Remove(t.Context(), Remove{}, nil)} {
		if err == nil || errors.Is(err, ErrStopped) || err.Error() != ErrNoCluster.Error() {
			t.Errorf("error = %v, want the words of ErrNoCluster", err)
		}
	}
}
