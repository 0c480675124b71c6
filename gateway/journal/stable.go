package journal

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// Set keeps a small value under key, durable when it returns. Values live in the log itself and outlive pruning,
// truncation and Reset. All of them together take less than 4 KiB; more is ErrTooLarge. After ErrFull the value is
// still kept with the next flush that finds room.
func (l *Log) Set(key string, val []byte) error {
	if err := l.SetSoon(key, val); err != nil {
		return err
	}
	return l.join(func() error { return nil }) // whoever writes the group takes along what waits
}

// SetSoon keeps a value that may be lost in a crash: it rides along with the next flush, whatever causes it, and with
// Close. Get shows it at once.
func (l *Log) SetSoon(key string, val []byte) error {
	if len(key) > 255 {
		return fmt.Errorf("key of %d bytes: %w, which takes up to 255", len(key), ErrTooLarge)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refusedLocked(); err != nil {
		return err
	}
	all := maps.Clone(l.values)
	maps.Copy(all, l.soon)
	all[key] = val
	if n := valuesSize(all); n > maxValues {
		return fmt.Errorf("values of %d bytes together: %w, which takes up to %d", n, ErrTooLarge, maxValues)
	}
	l.soon[key] = append([]byte{}, val...)
	return nil
}

// Get gives a copy of the value last set under key.
func (l *Log) Get(key string) (val []byte, ok bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if val, ok = l.soon[key]; !ok {
		val, ok = l.values[key]
	}
	return bytes.Clone(val), ok
}

// stageSoon adds the values that wait for a flush. flushing is held.
func (l *Log) stageSoon() {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, k := range slices.Sorted(maps.Keys(l.soon)) {
		l.staged.addValue(value{k, l.soon[k]})
	}
}

// flushSoon makes the waiting values durable.
func (l *Log) flushSoon() error {
	if err := l.refused(); err != nil {
		return err
	}
	l.stageSoon()
	return l.flush()
}

// keepValueLocked notes that v is durable.
func (l *Log) keepValueLocked(v value) {
	l.values[v.key] = v.val
	if bytes.Equal(l.soon[v.key], v.val) {
		delete(l.soon, v.key)
	}
}
