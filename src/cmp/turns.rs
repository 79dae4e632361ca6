//! [`Turns`]: whose turn it is when places are fewer than calls. It knows no clock, lock or task.
//!
//! A free place goes to the project that holds the fewest; among equals to the one that has waited longest since
//! its last turn, and last to the one that has just given a place back. Within a project applications take turns,
//! within an application calls are served in the order of their arrival.

use std::collections::{BTreeMap, VecDeque};

use crate::config::Application;

/// Who asks for a place. Calls that name no project (Argo CD before 3.0, announcements) count as one project.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    /// The application's project.
    pub project: Option<String>,
    /// The application.
    pub application: Option<String>,
}

impl Caller {
    /// What Argo CD says; a committer cannot change it.
    #[must_use]
    pub fn of(application: &Application) -> Self {
        Self { project: application.project.clone(), application: application.name.clone() }
    }
}

/// What one project may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All places, while no other project waits.
    All,
    /// A place while it holds fewer than are free: one project comes to half of the places, a second to half of
    /// the rest. So whoever never gives a place back does not keep others out.
    FewerThanFree,
}

/// Stands for one call, from its arrival until it leaves.
#[derive(Debug)]
pub struct Ticket {
    number: u64,
    caller: Caller,
}

/// Values by name, in the order of their turns. None is empty.
type Line<V> = VecDeque<(Option<String>, V)>;

/// Places, who holds them and who waits. `W` is how a waiting call is told that it has its place.
#[derive(Debug)]
pub struct Turns<W> {
    share: Share,
    free: usize,
    /// How many places a project holds; never none.
    held: BTreeMap<Option<String>, usize>,
    /// Projects, their applications, their calls.
    waiting: Line<Line<VecDeque<(u64, W)>>>,
    arrived: u64,
}

impl<W> Turns<W> {
    /// So many places, all free.
    #[must_use]
    pub fn new(places: usize, share: Share) -> Self {
        Self { share, free: places, held: BTreeMap::new(), waiting: VecDeque::new(), arrived: 0 }
    }

    /// A call comes. Whom to tell that they have a place: this call, or nobody.
    pub fn arrive(&mut self, caller: Caller, tell: W) -> (Ticket, Vec<W>) {
        self.arrived += 1;
        let ticket = Ticket { number: self.arrived, caller };
        let applications = join(&mut self.waiting, &ticket.caller.project);
        join(applications, &ticket.caller.application).push_back((ticket.number, tell));
        (ticket, self.give(None))
    }

    /// A call goes, whether it waited or held a place. Whom to tell that they have one now.
    pub fn leave(&mut self, ticket: &Ticket) -> Vec<W> {
        if self.withdraw(ticket).is_some() {
            return Vec::new();
        }
        let project = &ticket.caller.project;
        if let Some(held) = self.held.get_mut(project) {
            self.free += 1;
            *held -= 1;
            if *held == 0 {
                self.held.remove(project);
            }
        }
        self.give(Some(project))
    }

    /// Gives places until none is free or nobody may have it. `back` is who gave one back.
    fn give(&mut self, back: Option<&Option<String>>) -> Vec<W> {
        std::iter::from_fn(|| self.next(back).and_then(|at| self.serve(at))).collect()
    }

    /// Where the project stands whose turn it is.
    fn next(&self, back: Option<&Option<String>>) -> Option<usize> {
        let projects = self.waiting.iter().enumerate().map(|(at, (project, _))| {
            let held = self.held.get(project).copied().unwrap_or_default();
            (held, Some(project) == back, at)
        });
        let may = |held: usize| match self.share {
            Share::All => self.free > 0,
            Share::FewerThanFree => held < self.free,
        };
        projects.filter(|&(held, ..)| may(held)).min().map(|(.., at)| at)
    }

    /// Gives a place to the project that stands there. It, and its application, go to the end of their lines.
    fn serve(&mut self, at: usize) -> Option<W> {
        let (project, mut applications) = self.waiting.remove(at)?;
        let (application, mut calls) = applications.pop_front()?;
        let (_, tell) = calls.pop_front()?;
        self.free -= 1;
        *self.held.entry(project.clone()).or_default() += 1;
        if !calls.is_empty() {
            applications.push_back((application, calls));
        }
        if !applications.is_empty() {
            self.waiting.push_back((project, applications));
        }
        Some(tell)
    }

    /// Takes a call out of the queue, if it waits. The turns of others do not change.
    fn withdraw(&mut self, ticket: &Ticket) -> Option<W> {
        let project = find(&self.waiting, &ticket.caller.project)?;
        let (_, applications) = self.waiting.get_mut(project)?;
        let application = find(applications, &ticket.caller.application)?;
        let (_, calls) = applications.get_mut(application)?;
        let call = calls.iter().position(|(number, _)| *number == ticket.number)?;
        let (_, tell) = calls.remove(call)?;
        if calls.is_empty() {
            applications.remove(application);
        }
        if applications.is_empty() {
            self.waiting.remove(project);
        }
        Some(tell)
    }
}

fn find<V>(line: &Line<V>, name: &Option<String>) -> Option<usize> {
    line.iter().position(|(other, _)| other == name)
}

/// The value of a name. Who is not in the line yet comes last.
fn join<'l, V: Default>(line: &'l mut Line<V>, name: &Option<String>) -> &'l mut V {
    let at = find(line, name).unwrap_or_else(|| {
        line.push_back((name.clone(), V::default()));
        line.len() - 1
    });
    &mut line[at].1
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;
