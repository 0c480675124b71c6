package calendar

import "time"

// BankHoliday names the bank holiday of England and Wales on a day, or "" if it is none. The rules are those of the Banking
// and Financial Dealings Act 1971 with the customary substitute days; days proclaimed once are in the table below, and a
// site adds later ones through Calendar.Holidays.
func BankHoliday(d Day) string {
	if name, ok := proclaimed[d]; ok {
		return name
	}
	if moved[d] {
		return ""
	}
	easter := Easter(d.Year)
	switch d {
	case easter.Add(-2):
		return "Good Friday"
	case easter.Add(1):
		return "Easter Monday"
	case firstMonday(d.Year, time.May):
		return "Early May bank holiday"
	case lastMonday(d.Year, time.May):
		return "Spring bank holiday"
	case lastMonday(d.Year, time.August):
		return "Summer bank holiday"
	}
	return fixed(d)
}

// Days that were proclaimed once (gov.uk, bank holidays).
var proclaimed = map[Day]string{
	{2020, time.May, 8}:        "Early May bank holiday (VE day)",
	{2022, time.June, 2}:       "Spring bank holiday",
	{2022, time.June, 3}:       "Platinum Jubilee bank holiday",
	{2022, time.September, 19}: "Bank holiday for the State Funeral of Queen Elizabeth II",
	{2023, time.May, 8}:        "Bank holiday for the coronation of King Charles III",
}

// Days that would have been bank holidays but were moved to a proclaimed day.
var moved = map[Day]bool{
	{2020, time.May, 4}:  true,
	{2022, time.May, 30}: true,
}

// fixed covers New Year's Day, Christmas Day and Boxing Day with their substitutes.
func fixed(d Day) string {
	switch d {
	case onWeekday(Day{d.Year, time.January, 1}):
		return "New Year's Day"
	case christmas(d.Year):
		return "Christmas Day"
	case boxing(d.Year):
		return "Boxing Day"
	}
	return ""
}

// onWeekday moves a Saturday or Sunday to the Monday after.
func onWeekday(d Day) Day {
	for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		d = d.Add(1)
	}
	return d
}

// christmas falls on the 27th when the 25th is a Saturday (Monday) or a Sunday (Tuesday, since the Monday is Boxing Day).
func christmas(year int) Day {
	d := Day{year, time.December, 25}
	if d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		return d.Add(2)
	}
	return d
}

// boxing falls on the 28th when the 26th is a Saturday (Monday) or a Sunday (Tuesday, after Christmas's Monday).
func boxing(year int) Day {
	d := Day{year, time.December, 26}
	if d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		return d.Add(2)
	}
	return d
}

func firstMonday(year int, m time.Month) Day {
	d := Day{year, m, 1}
	return d.Add((8 - int(d.Weekday())) % 7)
}

func lastMonday(year int, m time.Month) Day {
	d := Day{year, m, 31} // May and August, the only months asked for, have 31 days
	return d.Add(-(int(d.Weekday()) + 6) % 7)
}

// Easter is Easter Sunday in the Gregorian calendar, by the anonymous computus printed in Nature, 20 April 1876.
func Easter(year int) Day {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return Day{year, time.Month(n / 31), n%31 + 1}
}
