package year

import "time"

// What really happened. The taps, amendments and absences of the database are made from it, and so is what marks must be.

// dice are the throws for a student at a session.
func (y *Year) dice(student int, s session) uint64 {
	return mix(y.seed, uint64(student), uint64(((s.term*slots+s.slot)*64+s.week)*1_000_000+s.group))
}

// came tells whether a student came, and how long after the start the card was shown.
func (y *Year) came(student int, s session) (after time.Duration, came bool) {
	d := y.dice(student, s)
	if uint8(d) >= y.habit[student] {
		return 0, false
	}
	spread := time.Duration(d>>8%1_000_000) * time.Millisecond // up to 16:40 min
	switch late := d >> 40 % 100; {
	case late < 4:
		return 15*time.Minute + time.Millisecond + spread*9/10, true // L
	case late < 5:
		return 31*time.Minute + spread, true // too late: A
	}
	return spread - 8*time.Minute, true
}

// cancelled is one session in two hundred.
func (y *Year) cancelled(s session) bool {
	return mix(y.seed, 2, uint64(s.group), uint64(s.term), uint64(s.slot), uint64(s.week))%200 == 0
}

// deaf tells whether the reader of a room was out of order on a day, as one in two hundred is. Then it heard nobody.
func (y *Year) deaf(room int, term, week, day int) bool {
	return mix(y.seed, 3, uint64(room), uint64(term), uint64(week), uint64(day))%200 == 0
}

func (y *Year) deafAt(s session) bool { return y.deaf(s.room(), s.term, s.week, s.slot/2) }

// amended is the code that staff recorded; "" for nearly all marks.
func (y *Year) amended(student int, s session) string {
	switch mix(y.dice(student, s), 4) % 2000 {
	case 0:
		return "P"
	case 1:
		return "E"
	}
	return ""
}

// absent is the week of a term for which a student has leave; -1 for most.
func (y *Year) absent(student, term int) int {
	h := mix(y.seed, 5, uint64(student), uint64(term))
	if h%30 != 0 {
		return -1
	}
	return int(h>>32) % y.Weeks
}

// code is what the mark must be by the college's policy: P up to 15 minutes after the start, L up to 30, A after that.
func (y *Year) code(student int, s session) string {
	if y.cancelled(s) {
		return "X"
	}
	if a := y.amended(student, s); a != "" {
		return a
	}
	deaf := y.deafAt(s)
	if after, came := y.came(student, s); came && !deaf {
		switch {
		case after <= 15*time.Minute:
			return "P"
		case after <= 30*time.Minute:
			return "L"
		}
		return "A"
	}
	switch {
	case y.absent(student, s.term) == s.week:
		return "E"
	case deaf:
		return "U"
	}
	return "A"
}

// tapped is when the card was shown and heard.
func (y *Year) tapped(student int, s session) (at time.Time, ok bool) {
	after, came := y.came(student, s)
	if !came || y.deafAt(s) {
		return at, false
	}
	return s.starts().Add(after), true
}
