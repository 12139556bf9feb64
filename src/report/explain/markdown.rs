//! The catalogue as a page.

use std::fmt::Write as _;

use super::{CLAIMS, DRAFT_ALONE, Topic, alias, answered, by, failed};
use crate::assess::catalogue::{
    Answer, Claim, DRAFT, DRAFT_OFFICER, FINAL, FINAL_OWNER, Failure, PROVISIONS, Provision,
    Question,
};

/// Before everything.
const INTRODUCTION: &str = "\
<!-- Made from the catalogue: proofmark explain --format markdown > docs/questions.md -->

# What proofmark asks of a build

`proofmark report` asks these questions of verified build evidence. Each belongs to a provision of the UK's
code of practice for software vendors. The answer is *pass*, *fail*, *unknown* or *not applicable*, and says
what it rests on. No answer says that a provision is met: that is for the person whom the code makes
responsible.

How to read the tables:

- **Answered by evidence**: by the facts of the signed evidence. Each pass and each failure comes with its
  assurance, which is that of the weakest fact it rests on: *self-asserted* (the build's own word),
  *out-of-band* (an attached document), *job-checked* (the job checked a token of the platform's or asked its
  interface), *recomputable* (whoever checks did it again), *platform-vouched* (whoever checks verified the
  platform's own signature).
- **Answered by people**: no build job can see it. The answer is always unknown; a document can be attached
  for those who read it.
- **Answered by a later version**: the evidence for it can't be made or read yet. The answer is unknown.
- **A failure contradicts**: what the provision asks for did not hold, or the evidence contradicts itself; the
  provision then stands as *contradicted*. **A failure weakens**: it may hold all the same, but the evidence
  doesn't show it.
";

/// As Markdown; without a topic the whole page.
#[must_use]
pub fn markdown(topic: Topic) -> String {
    let mut page = String::new();
    match topic {
        Topic::List | Topic::All => {
            page.push_str(INTRODUCTION);
            editions(&mut page);
            for provision in PROVISIONS {
                let claims: Vec<_> = provision.claims.iter().collect();
                self::provision(&mut page, provision, &claims);
                table(&mut page, &provision.questions.iter().collect::<Vec<_>>());
            }
            for provision in PROVISIONS.into_iter().filter(|one| !one.questions.is_empty()) {
                let _ = write!(page, "\n## Questions of provision {}\n", provision.number);
                for question in provision.questions {
                    self::question(&mut page, question);
                }
            }
        }
        Topic::Provision(_) | Topic::Claim(..) => {
            for (provision, claims, questions) in topic.parts() {
                self::provision(&mut page, provision, &claims);
                table(&mut page, &questions);
                for question in questions {
                    self::question(&mut page, question);
                }
            }
        }
        Topic::Question(provision, question) => {
            self::question(&mut page, question);
            let claims = topic.parts().into_iter().flat_map(|(_, claims, _)| claims);
            self::provision(&mut page, provision, &claims.collect::<Vec<_>>());
        }
    }
    page.trim_start_matches('\n').to_owned()
}

fn editions(page: &mut String) {
    let _ = write!(
        page,
        "\n| Edition | Title | Who is responsible |\n|---|---|---|\n\
        | Draft | {DRAFT} | {DRAFT_OFFICER} |\n| Final code | {FINAL} | {FINAL_OWNER} |\n\n{CLAIMS}\n"
    );
}

fn provision(page: &mut String, provision: &Provision, claims: &[&Claim]) {
    let Provision { number, verb, draft, .. } = provision;
    let last = provision.last.map_or_else(|| DRAFT_ALONE.to_owned(), |last| format!("\"{last}\""));
    let _ = write!(
        page,
        "\n## Provision {number}\n\n| Edition | Its words |\n|---|---|\n\
        | Draft ({verb}) | \"{}\" |\n| Final code | {} |\n",
        escaped(draft),
        escaped(&last)
    );
    if claims.is_empty() {
        return;
    }
    page.push_str("\n| Claim | Also written | Its words |\n|---|---|---|\n");
    for claim in claims {
        let _ = writeln!(page, "| {} | {} | {} |", claim.id, alias(claim), escaped(claim.text));
    }
}

fn table(page: &mut String, questions: &[&Question]) {
    if questions.is_empty() {
        return;
    }
    page.push_str(
        "\n| Question | What it asks | Claims | Answered by | A failure |\n|---|---|---|---|---|\n",
    );
    for question in questions {
        let failure = match (&question.answer, question.failure) {
            (Answer::Evidence(_), Failure::Contradicts) => "contradicts",
            (Answer::Evidence(_), Failure::Weakens) => "weakens",
            _ => "-",
        };
        let _ = writeln!(
            page,
            "| [{}](#{}) | {} | {} | {} | {failure} |",
            escaped(question.title),
            question.id,
            escaped(question.asks),
            listed(question.claims, "-", |claim| claim.to_owned()),
            by(question.answer)
        );
    }
}

/// The heading is the id, so that whoever renders the page makes it the anchor.
fn question(page: &mut String, question: &Question) {
    let reads = listed(question.reads, "nothing that this version's evidence has", |part| {
        format!("`{part}`")
    });
    let claims =
        listed(question.claims, "none: it is asked for the provision itself", |id| id.to_owned());
    let _ = write!(
        page,
        "\n### {}\n\n**{}.** {}\n\n- Helps to argue: {claims}\n- Reads: {reads}\n- Answered: {}\n\
        - A failure means: {}\n- A pass proves: {}\n- It doesn't prove: {}\n- Remedy: {}\n",
        question.id,
        escaped(question.title),
        escaped(question.asks),
        escaped(&answered(question.answer)),
        failed(question),
        escaped(question.proves),
        escaped(question.not),
        escaped(question.remedy.text)
    );
    for lines in question.remedy.lines {
        let fence = fence(lines.text);
        let _ = write!(
            page,
            "\n{}:\n\n{fence}{}\n{}\n{fence}\n",
            escaped(lines.place),
            lines.language,
            lines.text
        );
    }
}

fn listed(all: &[&str], none: &str, each: impl Fn(&str) -> String) -> String {
    if all.is_empty() {
        return none.to_owned();
    }
    all.iter().map(|one| each(one)).collect::<Vec<_>>().join(", ")
}

/// One that the lines don't have themselves.
fn fence(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    fence
}

/// Without markup or an end of a cell; what stands between backticks is code and stays.
pub(super) fn escaped(text: &str) -> String {
    let mut code = false;
    text.chars().fold(String::new(), |mut whole, c| {
        code ^= c == '`';
        match c {
            '|' => whole.push_str("\\|"),
            '<' if !code => whole.push_str("&lt;"),
            '*' | '[' if !code => whole.extend(['\\', c]),
            c => whole.push(c),
        }
        whole
    })
}
