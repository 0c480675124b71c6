package account

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often a password may be tried. A login is limited across all addresses and an address across all logins, so neither
// many machines nor many logins help a guesser. The price is that a flood of wrong passwords makes a login's owner wait too;
// browsers that are logged in already do not notice.
const (
	attemptsPerLogin = 10
	everyPerLogin    = 6 * time.Second
	attemptsPerAddr  = 30
	everyPerAddr     = 2 * time.Second
	limiterKeys      = 10_000
)

// limiter is a token bucket per key. It forgets a key whose bucket is full again, so it stays small; when limiterKeys are
// in use at once it refuses new ones rather than forget those it is limiting.
type limiter struct {
	burst int
	every time.Duration

	mu      sync.Mutex // guards everything that follows
	buckets map[string]*rate.Limiter
}

func newLimiter(burst int, every time.Duration) *limiter {
	return &limiter{burst: burst, every: every, buckets: make(map[string]*rate.Limiter)}
}

// allow takes a token of key's bucket, and reports false when it has none.
func (l *limiter) allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	if !ok {
		if len(l.buckets) >= limiterKeys {
			l.forgetLocked(now)
		}
		if len(l.buckets) >= limiterKeys {
			return false
		}
		b = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.buckets[key] = b
	}
	return b.AllowN(now, 1)
}

func (l *limiter) forgetLocked(now time.Time) {
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.buckets, key)
		}
	}
}
