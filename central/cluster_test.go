package central

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
)

// told is what a gateway hears when it has revision have.
func (g *gatewayRig) told(t testing.TB, r *rig, have uint64, wait time.Duration) *contract.Directory {
	t.Helper()
	signed, err := g.Directory(t.Context(), have, wait)
	if err != nil {
		t.Fatalf("Directory = %v", err)
	}
	if err := contract.Verify(ecdsaKey(t, r.authority.Certificate()), signed.Document, signed.Signature); err != nil {
		t.Fatal(err)
	}
	d, err := signed.Decode()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func places(names ...string) []contract.DirectoryMember {
	var all []contract.DirectoryMember
	for _, n := range names {
		all = append(all, contract.DirectoryMember{Gateway: n, Address: n + ".example:7101", Voter: true})
	}
	return all
}

func names(ms []contract.DirectoryMember) []string {
	var all []string
	for _, m := range ms {
		all = append(all, m.Gateway)
	}
	return all
}

// Gateways are told who is in their cluster and whose certificates no longer count, as soon as that changes.
func TestGatewaysAreToldOfTheirCluster(t *testing.T) {
	onEachEngine(t, func(t *testing.T, r *rig) {
		r.furnish()
		ctx := t.Context()
		a, b, outside := r.enrolled("gw-a", "A"), r.enrolled("gw-b", "B"), r.enrolled("gw-x", "A")
		r.enrolled("gw-c", "A")
		first := a.told(t, r, 0, 0)
		if first.Cluster != "" || len(first.Members) != 0 || len(first.Cutoffs) != 4 {
			t.Errorf("before there is a cluster: %+v", first)
		}
		if _, err := a.Directory(ctx, first.Revision, 0); !errors.Is(err, contract.ErrUnchanged) {
			t.Errorf("Directory with nothing newer = %v, want ErrUnchanged", err)
		}

		heard := make(chan *contract.Directory, 1)
		go func() { heard <- a.told(t, r, first.Revision, time.Minute) }()
		if err := r.Fleet.CreateCluster(ctx, "west", places("gw-a", "gw-b", "gw-c")); err != nil {
			t.Fatal(err)
		}
		d := <-heard
		founders := places("gw-a", "gw-b", "gw-c")
		for i := range founders {
			founders[i].Founder = true
		}
		if diff := cmp.Diff([]any{d.Cluster, d.Founders, d.Members}, []any{"west", founders, founders}); diff != "" {
			t.Errorf("told after the cluster was made (-got +want):\n%s", diff)
		}
		if got := outside.told(t, r, 0, 0); got.Cluster != "" || len(got.Members) > 0 {
			t.Errorf("a gateway outside is told of %q with %v", got.Cluster, got.Members)
		}

		quiet := contract.DirectoryMember{Gateway: "gw-x", Address: "gw-x.example:7101"}
		if err := r.Fleet.AddMember(ctx, "west", quiet); err != nil {
			t.Fatal(err)
		}
		if got := outside.told(t, r, 0, 0); got.Cluster != "west" || !slices.Contains(got.Members, quiet) {
			t.Errorf("the non-voter is told %q with %+v", got.Cluster, got.Members)
		}

		// gw-b is stolen, and then comes back as a spare under the same name.
		if err := r.Fleet.Revoke(ctx, "gw-b"); err != nil {
			t.Fatal(err)
		}
		d = a.told(t, r, 0, 0)
		stolen := leafOf(t, b)
		if got := names(d.Members); !slices.Equal(got, []string{"gw-a", "gw-c", "gw-x"}) {
			t.Errorf("members after a revocation = %v", got)
		}
		if err := d.Refuse("gw-b", stolen); !errors.Is(err, contract.ErrRevoked) {
			t.Errorf("the stolen gateway's certificate: %v, want ErrRevoked", err)
		}
		if _, err := b.Directory(ctx, 0, 0); err == nil {
			t.Error("the stolen gateway is told of the cluster")
		}
		r.advance(time.Minute)
		spare := r.enrolled("gw-b", "B")
		d = spare.told(t, r, 0, 0)
		i := slices.IndexFunc(d.Members, func(m contract.DirectoryMember) bool { return m.Gateway == "gw-b" })
		if i < 0 || d.Members[i].Founder || !d.Members[i].Voter || len(d.Founders) != 3 {
			t.Errorf("the spare is told %+v with founders %v; want it a voter that founds nothing", d.Members, names(d.Founders))
		}
		if err := d.Refuse("gw-b", stolen); !errors.Is(err, contract.ErrSuperseded) {
			t.Errorf("the stolen gateway's certificate: %v, want ErrSuperseded", err)
		}
		if err := d.Refuse("gw-b", leafOf(t, spare)); err != nil {
			t.Errorf("the spare's certificate: %v", err)
		}
	})
}

func leafOf(t testing.TB, g *gatewayRig) *x509.Certificate {
	t.Helper()
	leaf, err := x509.ParseCertificate(g.credentials.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

func TestClustersAreChangedWithCare(t *testing.T) {
	onEachEngine(t, func(t *testing.T, r *rig) {
		r.furnish()
		ctx, f := t.Context(), r.Fleet
		for _, n := range []string{"gw-a", "gw-b", "gw-c"} {
			g := r.enrolled(n, "A")
			if n == "gw-c" {
				continue // it has never reported
			}
			if _, err := g.SendReport(ctx, contract.Report{Version: contract.ReportVersion, At: r.clock()}); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.CreateCluster(ctx, "west", places("gw-a", "gw-b")); err == nil {
			t.Error("a cluster of two was made")
		}
		if err := f.CreateCluster(ctx, "west", places("gw-a", "gw-b", "gw-c")); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name string
			do   func(context.Context) error
			want error // nil: any
		}{
			{"made again", func(ctx context.Context) error { return f.CreateCluster(ctx, "west", places("gw-d")) }, nil},
			{"a gateway in two clusters", func(ctx context.Context) error { return f.CreateCluster(ctx, "east", places("gw-a")) }, fleet.ErrInCluster},
			{"an unknown cluster", func(ctx context.Context) error { return f.AddMember(ctx, "north", places("gw-d")[0]) }, fleet.ErrCluster},
			{"the address of another", func(ctx context.Context) error {
				return f.AddMember(ctx, "west", contract.DirectoryMember{Gateway: "gw-d", Address: "gw-a.example:7101"})
			}, contract.ErrDirectory},
			{"no member", func(ctx context.Context) error { return f.RemoveMember(ctx, "west", "gw-d", false) }, fleet.ErrUnknownGateway},
			{"down to a minority", func(ctx context.Context) error { return f.RemoveMember(ctx, "west", "gw-a", false) }, fleet.ErrMajority},
		} {
			if err := tt.do(ctx); err == nil || (tt.want != nil && !errors.Is(err, tt.want)) {
				t.Errorf("%s = %v, want %v", tt.name, err, tt.want)
			}
		}
		if err := f.RemoveMember(ctx, "west", "gw-c", false); err != nil {
			t.Errorf("remove the silent one: %v", err)
		}
		if err := f.RemoveMember(ctx, "west", "gw-a", false); err != nil {
			t.Errorf("remove one of two that report: %v", err)
		}
		if err := f.RemoveMember(ctx, "west", "gw-b", false); err != nil {
			t.Errorf("remove the last: %v", err)
		}
		if all, err := f.Clusters(ctx); err != nil || len(all) != 0 {
			t.Errorf("clusters = %+v, %v, want none", all, err)
		}
		if err := f.CreateCluster(ctx, "west", places("gw-a")); err != nil {
			t.Errorf("make it anew: %v", err)
		}
	})
}
