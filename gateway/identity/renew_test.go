package identity

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// registrar signs renewals in memory and notes when it was asked; err refuses.
type registrar struct {
	t      *testing.T
	campus *campus

	mu    sync.Mutex // guards everything that follows
	err   error
	asked []time.Time
	keys  [][]byte // for checkpoints, as they came with each renewal that was granted
}

func (r *registrar) refuse(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *registrar) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked)
}

func (r *registrar) Renew(_ context.Context, n contract.Renewal) (contract.Credentials, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, time.Now())
	if r.err != nil {
		return contract.Credentials{}, r.err
	}
	csr, err := x509.ParseCertificateRequest(n.Request)
	if err != nil {
		return contract.Credentials{}, err
	}
	r.keys = append(r.keys, n.CheckpointKey)
	return r.campus.credentials(r.t, csr.PublicKey.(*ecdsa.PublicKey)), nil
}

// renewing runs the renewal of a fresh identity inside a bubble of fake time.
func renewing(t *testing.T, test func(t *testing.T, i *Identity, r *registrar, swaps *atomic.Int32)) {
	t.Helper()
	renewingOf(t, func(*document) {}, test)
}

// renewingOf is renewing with an identity that was changed before.
func renewingOf(t *testing.T, change func(*document), test func(t *testing.T, i *Identity, r *registrar, swaps *atomic.Int32)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newAuthority(t)
		own := key(t)
		d, err := newDocument(own, newCheckpointKey(), c.credentials(t, &own.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		change(&d)
		dir := t.TempDir()
		if err := d.save(dir); err != nil {
			t.Fatal(err)
		}
		i, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		central, swaps := &registrar{t: t, campus: c}, new(atomic.Int32)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- (&Renewal{Identity: i, Central: central, Renewed: func() { swaps.Add(1) }, Log: quiet}).Run(ctx)
		}()
		test(t, i, central, swaps)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

const day = 24 * time.Hour

func TestRenewalAtTwoThirdsOfEachLife(t *testing.T) {
	renewing(t, func(t *testing.T, i *Identity, r *registrar, swaps *atomic.Int32) {
		first := i.current.Load()
		time.Sleep(20*day - 2*time.Minute)
		synctest.Wait()
		if r.times() != 0 {
			t.Fatalf("asked before two thirds of thirty days had passed")
		}
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		second := i.current.Load()
		if r.times() != 1 || swaps.Load() != 1 || second.certificate.Leaf.Equal(first.certificate.Leaf) {
			t.Fatalf("asked %d times and swapped %d times at two thirds, want 1 and 1", r.times(), swaps.Load())
		}
		if first.certificate.PrivateKey.(*ecdsa.PrivateKey).Equal(second.certificate.PrivateKey) {
			t.Error("the key was not renewed")
		}
		reopened, err := Open(Options{Dir: i.o.Dir})
		if err != nil || !reopened.NotAfter().Equal(i.NotAfter()) {
			t.Errorf("after a restart: %v, expires %v, want %v", err, reopened.NotAfter(), i.NotAfter())
		}
		time.Sleep(20 * day)
		synctest.Wait()
		if r.times() != 2 {
			t.Errorf("asked %d times after forty days, want 2", r.times())
		}
	})
}

func TestCheckpointKeyStaysThroughRenewals(t *testing.T) {
	renewing(t, func(t *testing.T, i *Identity, r *registrar, _ *atomic.Int32) {
		first := i.CheckpointKey()
		time.Sleep(41 * day)
		synctest.Wait()
		if !i.CheckpointKey().Equal(first) || r.times() != 2 {
			t.Errorf("the key for checkpoints changed in %d renewals", r.times())
		}
		for _, told := range r.keys {
			if !bytes.Equal(told, publicHalf(first)) {
				t.Errorf("central was told %x, want %x", told, publicHalf(first))
			}
		}
	})
}

// An identity of a release before checkpoints gets its key known to central at the first contact, and not before.
func TestIdentityWithoutCheckpointKeyIsRenewedAtOnce(t *testing.T) {
	earlier := func(d *document) { d.CheckpointKey = nil }
	renewingOf(t, earlier, func(t *testing.T, i *Identity, r *registrar, _ *atomic.Int32) {
		r.refuse(errors.New("no route"))
		time.Sleep(time.Hour)
		synctest.Wait()
		if i.CheckpointKey() != nil || r.times() == 0 {
			t.Fatalf("while central is away: key %v, asked %d times", i.CheckpointKey(), r.times())
		}
		r.refuse(nil)
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(r.keys) != 1 || !bytes.Equal(r.keys[0], publicHalf(i.CheckpointKey())) {
			t.Fatalf("central was told %x, want the one key in force", r.keys)
		}
		if again, err := Open(Options{Dir: i.o.Dir}); err != nil || !again.CheckpointKey().Equal(i.CheckpointKey()) {
			t.Errorf("after a restart: %v, and another key", err)
		}
	})
}

func TestRenewalGoesOnThroughAnOutageAndPastExpiry(t *testing.T) {
	renewing(t, func(t *testing.T, i *Identity, r *registrar, swaps *atomic.Int32) {
		r.refuse(errors.New("no route"))
		time.Sleep(20*day + time.Minute)
		if w := i.Warning(); w != "" {
			t.Errorf("Warning while it is due = %q", w)
		}
		time.Sleep(2 * day)
		if w := i.Warning(); !strings.Contains(w, "was not renewed") {
			t.Errorf("Warning two days later = %q", w)
		}
		time.Sleep(10 * day)
		synctest.Wait()
		if w := i.Warning(); !strings.Contains(w, "expired at 2000-01-3") {
			t.Errorf("Warning past expiry = %q", w)
		}
		if n := r.times(); n < 200 || n > 700 { // every half to whole hour for twelve days
			t.Errorf("asked %d times in twelve days", n)
		}
		r.refuse(nil)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if w := i.Warning(); w != "" || swaps.Load() != 1 {
			t.Errorf("Warning = %q after %d swaps, want none after 1", w, swaps.Load())
		}
	})
}

func TestRenewalRefusesAnotherCampus(t *testing.T) {
	renewing(t, func(t *testing.T, i *Identity, r *registrar, swaps *atomic.Int32) {
		r.campus = newAuthority(t)
		before := i.current.Load()
		if err := i.renew(t.Context(), r); !errors.Is(err, ErrCredentials) {
			t.Errorf("renew = %v, want %v", err, ErrCredentials)
		}
		if i.current.Load() != before {
			t.Error("the identity was changed")
		}
	})
}

// Over a real connection: the certificate in force is presented, and each handshake takes the newest.
func TestRenewalPresentsTheCertificateInForce(t *testing.T) {
	c := newCampus(t)
	i, _ := enrolled(t, c)
	var want []string
	for range 2 {
		want = append(want, i.current.Load().certificate.Leaf.SerialNumber.String())
		if err := talk(t, c, i); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(c.callers, " ") != strings.Join(want, " ") {
		t.Errorf("certificates presented = %v, want %v", c.callers, want)
	}
}

func TestMetrics(t *testing.T) {
	renewing(t, func(t *testing.T, i *Identity, r *registrar, swaps *atomic.Int32) {
		registry := prometheus.NewPedanticRegistry()
		if _, err := Open(Options{Dir: i.o.Dir, Registerer: registry}); err != nil {
			t.Fatal(err)
		}
		want := `
# HELP rollcall_gateway_certificate_not_after_timestamp_seconds When a certificate expires.
# TYPE rollcall_gateway_certificate_not_after_timestamp_seconds gauge
rollcall_gateway_certificate_not_after_timestamp_seconds{cert="authority"} 9.4927674e+08
rollcall_gateway_certificate_not_after_timestamp_seconds{cert="gateway"} 9.4927674e+08
` // thirty days from one minute before the bubble's midnight UTC of 2000-01-01
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
	})
}
