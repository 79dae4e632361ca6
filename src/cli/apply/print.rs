//! Evaluating, and printing in the mode asked for.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::document::{GoDuration, Value, json, yaml};
use crate::engine::decision::Response;
use crate::output::counts::ResultCounts;
use crate::output::report::{self, Reported};
use crate::output::table::{self, Row, TableStyle};
use crate::output::{apply_text, exceptions};
use crate::policy::rule::Stage;
use crate::suite::evaluate::{Evaluation, Session};
use crate::suite::parallel::in_parallel;

use super::input::Given;
use super::made::Destination;
use super::{Args, Io, findings};

/// The first line, unless output is piped on or is a report.
pub fn header(args: &Args, given: &Given, io: &mut Io) {
    if !args.stdin && !args.prints_a_document() {
        let exceptions = given.set.exceptions().len();
        io.print(apply_text::header(given.rules, given.resources.len(), exceptions));
    }
}

/// What a run came to.
pub enum Evaluated {
    /// Every result: what reports, tables and findings are made of.
    Results(Vec<Evaluation>),
    /// The summary's lines and counts. Results that are only counted are let go where they were
    /// made: kept to the end, they would be most of a run's memory.
    Summary(Vec<Told>),
}

/// What the summary says of one resource.
#[derive(Default)]
pub struct Told {
    counts: ResultCounts,
    violations: String,
    /// The responses that are told before the summary, if any.
    before: Option<Box<Evaluation>>,
}

impl Told {
    fn of(mut evaluation: Evaluation, audit_warn: bool) -> Self {
        let mut told = Self::default();
        let path = evaluation.identity.path();
        for response in &evaluation.responses {
            told.counts.add(response, audit_warn);
            told.violations.push_str(&apply_text::violations(response, &path, audit_warn));
        }
        evaluation.responses.retain(|response| {
            makes_objects(response.stage) || response.rules.iter().any(|rule| !rule.notices.is_empty())
        });
        told.before = (!evaluation.responses.is_empty()).then(|| Box::new(evaluation));
        told
    }
}

/// Evaluates every resource; what policies change or generate is printed or written at once.
pub fn evaluate(args: &Args, given: &Given, made: &mut Destination, io: &mut Io) -> Result<Evaluated, String> {
    let session = Session {
        set: &given.set,
        values: &given.values,
        user: given.user.clone(),
        facts: &given.world,
        every_policy: false,
    };
    let cleanups = given.cleanups.iter().flat_map(|policy| given.resources.iter().map(|r| session.cleanup(policy, r)));
    if args.prints_a_document() || args.table {
        let mut results = on_each_resource(given, io, |resource| session.evaluate(resource, None));
        results.iter().try_for_each(|evaluation| tell(args, evaluation, made, io))?;
        results.extend(cleanups);
        return Ok(Evaluated::Results(results));
    }
    let summed = |evaluation| Told::of(evaluation, args.audit_warn);
    let mut summary = on_each_resource(given, io, |resource| summed(session.evaluate(resource, None)));
    let before = summary.iter().filter_map(|told| told.before.as_deref());
    before.into_iter().try_for_each(|evaluation| tell(args, evaluation, made, io))?;
    summary.extend(cleanups.map(summed));
    Ok(Evaluated::Summary(summary))
}

/// `work` on every resource, with its progress on a terminal.
fn on_each_resource<R: Send>(given: &Given, io: &mut Io, work: impl Fn(&Value) -> R + Sync) -> Vec<R> {
    let progress = io.err.is_terminal && !io.out.is_terminal;
    let results = in_parallel(&given.resources, work, |done| {
        if progress {
            io.say(format_args!("\r{done} of {} resources", given.resources.len()));
        }
    });
    if progress {
        io.say("\r\u{1b}[K");
    }
    results
}

/// Tells what has to be told of one resource before the results.
fn tell(args: &Args, evaluation: &Evaluation, made: &mut Destination, io: &mut Io) -> Result<(), String> {
    for response in &evaluation.responses {
        print_made(args, evaluation, response, made, io)?;
        if response.rules.iter().any(|rule| !rule.notices.is_empty()) {
            apply_text::notices(response, &evaluation.identity.path()).iter().for_each(|notice| io.say(notice));
        }
    }
    Ok(())
}

/// Whether responses of this stage hold objects that are printed or written.
fn makes_objects(stage: Stage) -> bool {
    match stage {
        Stage::Mutate | Stage::Generate => true,
        Stage::Validate | Stage::VerifyImages | Stage::Delete => false,
    }
}

fn print_made(
    args: &Args,
    evaluation: &Evaluation,
    response: &Response,
    made: &mut Destination,
    io: &mut Io,
) -> Result<(), String> {
    if args.prints_a_document() {
        // Kyverno prints changed objects into the middle of a report, which then no longer parses.
        if made.is_standard() {
            return Ok(());
        }
    }
    let (name, suffix, banner) = match response.stage {
        Stage::Mutate => (evaluation.identity.name.as_str(), "mutated", apply_text::MUTATED),
        Stage::Generate => (response.policy.name.as_str(), "generated", apply_text::GENERATED),
        Stage::Validate | Stage::VerifyImages | Stage::Delete => return Ok(()),
    };
    if made.is_standard() {
        io.print(apply_text::made_text(response, &evaluation.identity.path(), args.stdin));
        return Ok(());
    }
    for object in apply_text::made_objects(response) {
        made.write(name, suffix, &apply_text::file_entry(&object))?;
        if !args.prints_a_document() {
            io.print(banner);
        }
    }
    Ok(())
}

/// Prints the results and counts them.
pub fn results(args: &Args, given: &Given, evaluated: &Evaluated, io: &mut Io) -> Result<ResultCounts, String> {
    let mut counts = ResultCounts { error: given.not_evaluated.len(), ..ResultCounts::default() };
    let sections = apply_text::not_evaluated(&given.not_evaluated);
    // In a report these lines would be no YAML: they go where a person still sees them.
    if args.prints_a_document() {
        io.say(sections)
    } else {
        io.print(sections)
    }
    match evaluated {
        Evaluated::Summary(summary) => {
            summary.iter().for_each(|told| {
                counts += told.counts;
                io.print(&told.violations);
            });
            io.print(format_args!("\n{counts} \n"));
        }
        Evaluated::Results(results) => {
            let responses = results.iter().flat_map(|evaluation| &evaluation.responses);
            responses.for_each(|response| counts.add(response, args.audit_warn));
            print_results(args, given, results, io)?;
        }
    }
    Ok(counts)
}

fn print_results<'e>(args: &Args, given: &Given, evaluated: &'e [Evaluation], io: &mut Io) -> Result<(), String> {
    let of_one = |e: &'e Evaluation| e.responses.iter().map(|response| Reported { resource: &e.resource, response });
    let reported = || evaluated.iter().flat_map(of_one).collect::<Vec<_>>();
    if let Some(format) = args.format {
        io.print(findings::text(format, given, evaluated, args.audit_warn));
    } else if args.policy_report {
        print_reports(args, &reported(), io);
    } else if args.generate_exceptions {
        print_exceptions(args, &reported(), io)?;
    } else {
        let style = TableStyle { colour: !args.remove_color && io.colours(), detailed: args.detailed_results };
        io.print(table::print(&rows(args, evaluated), style));
    }
    Ok(())
}

fn print_reports(args: &Args, reported: &[Reported<'_>], io: &mut Io) {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(0));
    let (cluster, namespaced) = report::reports(reported, args.audit_warn, seconds);
    if let Some(report) = cluster {
        io.print(format_args!("{}\n", document(args, &report)));
    }
    for report in namespaced {
        io.print(format_args!("---\n{}\n", document(args, &report)));
    }
}

fn print_exceptions(args: &Args, reported: &[Reported<'_>], io: &mut Io) -> Result<(), String> {
    let ttl = GoDuration::parse(&args.generated_exception_ttl).map_err(|e| e.to_string())?;
    let text = ttl.to_string();
    let ttl = (ttl.0 > 0).then_some(text.as_str());
    for exception in exceptions::exceptions(reported, args.audit_warn, ttl) {
        io.print(format_args!("---\n{}\n", document(args, &exception)));
    }
    Ok(())
}

fn document(args: &Args, value: &Value) -> String {
    if args.output_format == "json" { json::to_string(value) } else { yaml::write_sorted(value) }
}

fn rows(args: &Args, evaluated: &[Evaluation]) -> Vec<Row> {
    let mut rows = Vec::new();
    for evaluation in evaluated {
        let id = &evaluation.identity;
        let resource = if id.namespace.is_empty() {
            format!("{}/{}", id.kind, id.name)
        } else {
            format!("{}/{}/{}", id.namespace, id.kind, id.name)
        };
        for response in &evaluation.responses {
            for rule in &response.rules {
                let word = report::result_word(&response.policy, rule, args.audit_warn);
                rows.push(Row {
                    policy: response.policy.key().to_string(),
                    rule: rule.rule.name.to_string(),
                    resource: resource.clone(),
                    result: match word {
                        "pass" => "Pass",
                        "fail" => "Fail",
                        "warn" => "Warn",
                        "skip" => "Skip",
                        _ => "Error",
                    },
                    reason: String::new(),
                    message: rule.message.clone(),
                    is_failure: word == "fail",
                });
            }
        }
    }
    rows
}
