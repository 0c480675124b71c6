package campus

import (
	"fmt"
	"strings"
)

// Student is one person.
type Student struct {
	ID         string
	Name       string
	Department string
	Programme  string
	Level      string // of the qualifications framework, 4 to 7
	Visa       bool   // studies on a sponsored visa
	Wiegand    Card   // for the doors on two-wire buses
	Chip       Card   // for the doors that read the number of the chip
	Badge      Card   // for the door with a scanner
	Tag        Card   // for the door that reads 125 kHz tags
}

// Cards are all of them.
func (s *Student) Cards() []Card { return []Card{s.Wiegand, s.Chip, s.Badge, s.Tag} }

// Card is the one that the reader of a room can read.
func (s *Student) Card(room string) Card {
	switch kindOf(room) {
	case RDM6300:
		return s.Tag
	case TWN4, PN532:
		return s.Chip
	case QR:
		return s.Badge
	}
	return s.Wiegand
}

// Email is the university's address of the student.
func (s *Student) Email() string { return "s" + s.ID + "@students.example.ac.uk" }

// department has the first letters of its modules and the programmes it offers.
type department struct {
	name, prefix string
	programmes   []string
}

var departments = []department{
	{"Biosciences", "BIO", []string{"BSc Biology", "BSc Biomedical Science", "MSc Conservation"}},
	{"Business School", "BUS", []string{"BA Business Management", "BSc Accounting and Finance", "MSc International Business"}},
	{"Computing", "COM", []string{"BSc Computer Science", "BEng Software Engineering", "MSc Data Science"}},
	{"Engineering", "ENG", []string{"BEng Civil Engineering", "MEng Mechanical Engineering"}},
	{"English and History", "EAH", []string{"BA English", "BA History", "MA Modern Literature"}},
	{"Law", "LAW", []string{"LLB Law", "LLM International Law"}},
	{"Nursing and Health", "NUR", []string{"BSc Adult Nursing", "BSc Physiotherapy"}},
	{"Psychology", "PSY", []string{"BSc Psychology", "MSc Clinical Psychology"}},
}

var (
	givenNames = strings.Fields(`Aaliyah Adam Aisha Alexander Amelia Amina Andrei Anna Arjun Ava Beatrice Ben Callum Catrin Charlotte
		Chen Chidi Chloe Daniel David Deepa Diana Ebony Edward Elena Elif Emily Emmanuel Esther Ethan Fatima Felix Finn Freya Gabriel
		Grace Hamza Hannah Harriet Haruto Hassan Ibrahim Ines Isaac Isla Ivan Jack Jasmine Jin Joseph Kavya Kwame Lara Leila Leo Liam
		Lucia Maja Malik Maria Matteo Maya Mei Mohammed Nadia Ngozi Niamh Noah Oliver Olivia Omar Owen Parisa Patrick Priya Rhys
		Rohan Rosa Ruby Samir Samuel Sana Sara Sean Siobhan Sofia Tariq Thandi Theo Tomasz Uma Victoria Wei Yasmin Yuki Yusuf Zara Zoe`)
	familyNames = strings.Fields(`Abbott Adeyemi Ahmed Ali Allen Baker Banerjee Begum Bennett Brown Campbell Chan Clarke Cohen Cooper
		Costa Davies Diaz Edwards Evans Fernandez Foster Garcia Gill Green Gupta Hall Harris Hughes Hussain Ito Jackson James Johnson
		Jones Kamara Kaur Khan Kim King Kowalski Kumar Lee Lewis Li Lopez MacDonald Mahmood Martin Mensah Mitchell Moore Morgan
		Murphy Nguyen Novak Nowak Obi Okafor Oliveira Osei Owusu Park Patel Phillips Popescu Price Rahman Reid Rossi Ryan Santos
		Schmidt Shah Sharma Singh Smith Suzuki Tanaka Taylor Thomas Thompson Walker Wang Ward Watson White Williams Wilson Wright Wu
		Yilmaz Young Zhang Zhou`)
)

// visaPermil is how many of a thousand students are sponsored.
const visaPermil = 300

func (c *Campus) people() []Student {
	r := c.rng("people")
	numbers, tags := r.Perm(40000), map[uint32]bool{}
	students := make([]Student, studentCount)
	for i := range students {
		d := departments[i/departmentSize]
		programme := d.programmes[r.IntN(len(d.programmes))]
		students[i] = Student{
			ID:         fmt.Sprintf("26%06d", 100000+i*1373%899981),
			Name:       givenNames[r.IntN(len(givenNames))] + " " + familyNames[r.IntN(len(familyNames))],
			Department: d.name, Programme: programme, Level: levelOf(programme, r.IntN(3)),
			Visa:    r.IntN(1000) < visaPermil,
			Wiegand: wiegand(facility, uint16(firstNumber+numbers[i])),
		}
		number := r.Uint32()
		for tags[number] {
			number = r.Uint32()
		}
		tags[number] = true
		students[i].Tag = em4100(0x01, number)
		students[i].Chip = chip(ownChips, uint32(i)<<8|uint32(r.IntN(256)))
		students[i].Badge = badge(ownBadges, r.Uint64())
	}
	return students
}

// levelOf is 7 for a master's degree, otherwise the year of study above level 4.
func levelOf(programme string, year int) string {
	if programme[0] == 'M' && !strings.HasPrefix(programme, "MEng") || strings.HasPrefix(programme, "LLM") {
		return "7"
	}
	return fmt.Sprint(4 + year)
}
