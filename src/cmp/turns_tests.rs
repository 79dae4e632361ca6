//! Turns, by example and against a model that keeps one flat list.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn caller(project: &str, application: &str) -> Caller {
    Caller { project: Some(project.to_owned()), application: Some(application.to_owned()) }
}

/// Calls by the names the tests give them.
struct Room {
    turns: Turns<&'static str>,
    tickets: BTreeMap<&'static str, Ticket>,
}

impl Room {
    fn new(places: usize, share: Share) -> Self {
        Self { turns: Turns::new(places, share), tickets: BTreeMap::new() }
    }

    /// Calls named `PROJECT/APPLICATION` or `PROJECT/APPLICATION/anything` come; who has a place.
    fn arrive(&mut self, names: &[&'static str]) -> Vec<&'static str> {
        let mut served = Vec::new();
        for name in names {
            let (project, rest) = name.split_once('/').expect("a project");
            let application = rest.split('/').next().expect("an application");
            let (ticket, told) = self.turns.arrive(caller(project, application), name);
            self.tickets.insert(name, ticket);
            served.extend(told);
        }
        served
    }

    fn leave(&mut self, name: &str) -> Vec<&'static str> {
        let ticket = self.tickets.remove(name).expect("a call of that name");
        self.turns.leave(&ticket)
    }

    /// Who has the place, one after another, beginning with `first`.
    fn order(&mut self, first: &'static str) -> Vec<&'static str> {
        let mut order = vec![first];
        while let [next] = self.leave(order[order.len() - 1])[..] {
            order.push(next);
        }
        order
    }
}

#[test]
fn who_comes_late_to_a_flood_of_another_project_is_next() {
    let mut room = Room::new(1, Share::All);
    assert_eq!(room.arrive(&["a/1", "a/2", "a/3", "a/4", "b/1", "b/2"]), ["a/1"]);
    assert_eq!(room.order("a/1"), ["a/1", "b/1", "a/2", "b/2", "a/3", "a/4"]);
}

#[test]
fn applications_of_a_project_take_turns_and_their_calls_come_in_order() {
    let mut room = Room::new(1, Share::All);
    room.arrive(&["a/0", "a/1/x", "a/1/y", "a/1/z", "a/2/x", "a/2/y", "a/3/x"]);
    assert_eq!(room.order("a/0"), ["a/0", "a/1/x", "a/2/x", "a/3/x", "a/1/y", "a/2/y", "a/1/z"]);
}

#[test]
fn a_project_whose_renders_are_long_does_not_hold_every_place() {
    let mut room = Room::new(2, Share::All);
    room.arrive(&["long/1", "long/2", "long/3", "long/4", "short/1", "short/2", "short/3"]);
    assert_eq!(room.leave("long/1"), ["short/1"]);
    assert_eq!(room.leave("short/1"), ["short/2"], "the other place is held by long/2");
    assert_eq!(room.leave("short/2"), ["short/3"]);
    assert_eq!(room.leave("short/3"), ["long/3"], "no place stays empty");
}

#[test]
fn who_gives_up_leaves_no_trace() {
    let mut room = Room::new(1, Share::All);
    room.arrive(&["a/1", "a/2", "b/1", "c/1", "b/2"]);
    for name in ["b/1", "b/2"] {
        assert_eq!(room.leave(name), [""; 0]);
    }
    assert_eq!(room.order("a/1"), ["a/1", "c/1", "a/2"]);
    assert_eq!((room.turns.free, room.turns.held.len(), room.turns.waiting.len()), (1, 0, 0));
}

#[test]
fn projects_that_never_give_back_do_not_keep_others_out() {
    let mut room = Room::new(8, Share::FewerThanFree);
    assert_eq!(room.arrive(&["a/1", "a/2", "a/3", "a/4", "a/5", "a/6"]), ["a/1", "a/2", "a/3", "a/4"]);
    assert_eq!(room.arrive(&["b/1", "b/2", "b/3"]), ["b/1", "b/2"]);
    assert_eq!(room.arrive(&["c/1", "c/2", "d/1"]), ["c/1", "d/1"]);
    assert_eq!(room.arrive(&["e/1"]), [""; 0], "four projects hold all");
    assert_eq!(room.leave("a/1"), ["e/1"]);
    let mut least = Room::new(1, Share::FewerThanFree);
    assert_eq!(least.arrive(&["a/1"]), ["a/1"], "one place is for whoever comes");
}

/// The same by brute force: all who wait in one list, and when each project and application last joined the
/// waiting or had a turn.
#[derive(Default)]
struct Model {
    places: usize,
    waiting: Vec<(usize, Caller)>,
    holding: Vec<(usize, Caller)>,
    since: BTreeMap<Caller, usize>,
    clock: usize,
}

impl Model {
    fn stamp(&mut self, caller: Caller) {
        self.clock += 1;
        self.since.insert(caller, self.clock);
    }

    fn arrive(&mut self, id: usize, caller: &Caller, share: Share) -> Vec<usize> {
        let project = Caller { application: None, ..caller.clone() };
        if !self.waiting.iter().any(|(_, other)| other.project == caller.project) {
            self.stamp(project);
        }
        if !self.waiting.iter().any(|(_, other)| other == caller) {
            self.stamp(caller.clone());
        }
        self.waiting.push((id, caller.clone()));
        self.give(None, share)
    }

    fn leave(&mut self, id: usize, share: Share) -> Vec<usize> {
        self.waiting.retain(|(other, _)| *other != id);
        match self.holding.iter().position(|(other, _)| *other == id) {
            Some(at) => {
                let (_, caller) = self.holding.remove(at);
                self.give(Some(&caller), share)
            }
            None => Vec::new(),
        }
    }

    fn held(&self, caller: &Caller) -> usize {
        self.holding.iter().filter(|(_, other)| other.project == caller.project).count()
    }

    fn give(&mut self, back: Option<&Caller>, share: Share) -> Vec<usize> {
        let mut served = Vec::new();
        loop {
            let free = self.places - self.holding.len();
            let may = |caller: &Caller| match share {
                Share::All => free > 0,
                Share::FewerThanFree => self.held(caller) < free,
            };
            let rank = |(id, caller): &(usize, Caller)| {
                let project = Caller { application: None, ..caller.clone() };
                let just = back.is_some_and(|back| back.project == caller.project);
                (self.held(caller), just, self.since[&project], self.since[caller], *id)
            };
            let candidates = self.waiting.iter().filter(|(_, caller)| may(caller));
            let Some((id, caller)) = candidates.min_by_key(|call| rank(call)).cloned() else { return served };
            self.waiting.retain(|(other, _)| *other != id);
            self.holding.push((id, caller.clone()));
            self.stamp(Caller { application: None, ..caller.clone() });
            self.stamp(caller);
            served.push(id);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Arrive {
        project: usize,
        application: usize,
    },
    /// The n-th of those who are here goes, waiting or not.
    Leave(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let arrive = (0..4_usize, 0..3_usize).prop_map(|(project, application)| Step::Arrive { project, application });
    prop::collection::vec(prop_oneof![3 => arrive, 2 => any::<usize>().prop_map(Step::Leave)], 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn turns_are_those_of_the_model(places in 1..6_usize, all: bool, steps in steps()) {
        let share = if all { Share::All } else { Share::FewerThanFree };
        let mut turns = Turns::new(places, share);
        let mut model = Model { places, ..Model::default() };
        let mut here: Vec<(usize, Ticket)> = Vec::new();
        for (id, step) in steps.into_iter().enumerate() {
            match step {
                Step::Arrive { project, application } => {
                    let caller = caller(&format!("p{project}"), &format!("a{application}"));
                    let (ticket, served) = turns.arrive(caller.clone(), id);
                    prop_assert_eq!(served, model.arrive(id, &caller, share));
                    here.push((id, ticket));
                }
                Step::Leave(_) if here.is_empty() => {}
                Step::Leave(n) => {
                    let (id, ticket) = here.remove(n % here.len());
                    prop_assert_eq!(turns.leave(&ticket), model.leave(id, share));
                }
            }
            let held: usize = turns.held.values().sum();
            prop_assert_eq!((held, held + turns.free), (model.holding.len(), places));
            if all {
                prop_assert!(turns.free == 0 || turns.waiting.is_empty(), "a place is free and somebody waits");
            } else {
                let shut_out = turns.waiting.iter().any(|(project, _)| !turns.held.contains_key(project));
                prop_assert!(turns.free == 0 || !shut_out, "a place is free and a project that holds none waits");
            }
        }
        // All are served once those before them have gone, and nothing is left of anybody.
        while let Some(at) = here.iter().position(|(id, _)| model.holding.iter().any(|(other, _)| other == id)) {
            let (id, ticket) = here.remove(at);
            prop_assert_eq!(turns.leave(&ticket), model.leave(id, share));
        }
        prop_assert!(here.is_empty() && turns.held.is_empty() && turns.waiting.is_empty());
        prop_assert_eq!(turns.free, places);
    }

    /// Nobody starves: a project that holds nothing waits for at most one turn of each other project that waits,
    /// however many calls the others have and make.
    #[test]
    fn a_project_waits_for_one_turn_of_each_other(others in 1..6_usize, places in 1..4_usize, ends in prop::collection::vec(any::<usize>(), 12)) {
        let mut turns = Turns::new(places, Share::All);
        let mut held = Vec::new();
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        let mut come = |turns: &mut Turns<usize>, waiting: &mut BTreeMap<usize, (String, Ticket)>, project: String| {
            next += 1;
            let (ticket, served) = turns.arrive(caller(&project, "x"), next);
            waiting.insert(next, (project, ticket));
            served
        };
        for n in 0..others * 4 + places {
            held.extend(come(&mut turns, &mut waiting, format!("p{}", n % others)));
        }
        come(&mut turns, &mut waiting, "late".to_owned());
        let mut turns_of_others = 0;
        for end in ends {
            let (project, ticket) = waiting.remove(&held.remove(end % held.len())).expect("a call");
            let served = turns.leave(&ticket);
            prop_assert_eq!(served.len(), 1);
            if waiting[&served[0]].0 == "late" {
                return Ok(());
            }
            held.extend(served);
            turns_of_others += 1;
            prop_assert!(turns_of_others <= others, "{} turns of {} others", turns_of_others, others);
            // Who was answered asks again.
            prop_assert!(come(&mut turns, &mut waiting, project).is_empty());
        }
        prop_assert!(false, "the late project had no turn");
    }
}
