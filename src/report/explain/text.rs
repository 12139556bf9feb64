//! The catalogue for a terminal.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::{CLAIMS, DRAFT_ALONE, Topic, alias, answered, failed};
use crate::assess::catalogue::{
    Answer, Claim, DRAFT, DRAFT_OFFICER, FINAL, FINAL_OWNER, Provision, Question,
};

/// As text, no line longer than `width` columns but those that are to be copied, and words that are longer.
#[must_use]
pub fn text(topic: Topic, width: usize) -> String {
    let mut page = Page { text: String::new(), width };
    for (provision, claims, questions) in topic.parts() {
        page.gap();
        match topic {
            Topic::List => page.list(provision),
            Topic::Question(_, question) => {
                page.question(question);
                page.gap();
                page.provision(provision);
                page.claims(&claims);
            }
            Topic::Claim(_, claim) => {
                page.line(0, &format!("Claim {} ({}): {}", claim.id, alias(claim), claim.text));
                page.gap();
                page.provision(provision);
                page.rows(&questions);
            }
            Topic::Provision(_) => {
                page.provision(provision);
                page.claims(&claims);
                page.rows(&questions);
            }
            Topic::All => {
                page.provision(provision);
                page.claims(&claims);
                for question in questions {
                    page.gap();
                    page.question(question);
                }
            }
        }
    }
    match topic {
        Topic::List => {
            page.gap();
            page.line(0, "`proofmark explain ID` explains a question, a claim or a provision; `proofmark explain all` everything.");
        }
        Topic::Claim(..) | Topic::Provision(_) | Topic::All => {
            page.gap();
            page.line(0, CLAIMS);
        }
        Topic::Question(..) => {}
    }
    page.text
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// An empty line between two things.
    fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// A paragraph.
    fn line(&mut self, indent: usize, text: &str) {
        self.wrapped(indent, indent, text);
    }

    /// An entry of a list: lines after its first are indented by two more.
    fn entry(&mut self, indent: usize, text: &str) {
        self.wrapped(indent, indent + 2, text);
    }

    fn wrapped(&mut self, indent: usize, hanging: usize, text: &str) {
        let mut column = 0;
        for word in text.split_whitespace() {
            let wide = word.width();
            if column == 0 {
                self.text.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if column + 1 + wide > self.width {
                self.text.push('\n');
                self.text.extend(std::iter::repeat_n(' ', hanging));
                column = hanging;
            } else {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += wide;
        }
        self.text.push('\n');
    }

    fn provision(&mut self, provision: &Provision) {
        self.line(0, &format!("Provision {}", provision.number));
        let Provision { verb, draft, .. } = provision;
        self.entry(2, &format!("Draft: the {DRAFT_OFFICER} {verb}: \"{draft}\""));
        match provision.last {
            Some(last) => self.entry(
                2,
                &format!("Final code: the {FINAL_OWNER} shall gain assurance: \"{last}\""),
            ),
            None => self.line(2, DRAFT_ALONE),
        }
        self.line(2, &format!("The draft is \"{DRAFT}\", the final code \"{FINAL}\"."));
    }

    fn claims(&mut self, claims: &[&Claim]) {
        if !claims.is_empty() {
            self.gap();
            self.line(0, "Claims of the final code");
        }
        for claim in claims {
            self.entry(2, &format!("{} ({}): {}", claim.id, alias(claim), claim.text));
        }
    }

    /// A line each: of what is longer the end is left out.
    fn list(&mut self, provision: &Provision) {
        self.row(
            0,
            &format!("{}  {}", provision.number, provision.last.unwrap_or(provision.draft)),
        );
        if provision.last.is_none() {
            self.row(2, "in the draft alone");
        }
        for claim in provision.claims {
            self.row(2, &format!("{}  {}", claim.id, claim.text));
        }
        self.questions(&provision.questions.iter().collect::<Vec<_>>());
    }

    fn rows(&mut self, questions: &[&Question]) {
        if !questions.is_empty() {
            self.gap();
            self.line(0, "Questions");
        }
        self.questions(questions);
    }

    fn questions(&mut self, questions: &[&Question]) {
        let longest = questions.iter().map(|question| question.id.len()).max().unwrap_or(0);
        for question in questions {
            let by = match question.answer {
                Answer::Evidence(_) => "",
                Answer::People(_) => " (people)",
                Answer::Later(_) => " (later)",
            };
            self.row(2, &format!("{:longest$}  {}{by}", question.id, question.title));
        }
    }

    fn row(&mut self, indent: usize, text: &str) {
        let room = self.width.saturating_sub(indent);
        let shown = if text.chars().count() > room {
            let kept: String = text.chars().take(room.saturating_sub(3)).collect();
            format!("{}...", kept.trim_end())
        } else {
            text.to_owned()
        };
        let _ = writeln!(self.text, "{:indent$}{shown}", "");
    }

    fn question(&mut self, question: &Question) {
        self.line(0, &format!("{}: {}", question.id, question.title));
        self.line(2, question.asks);
        let reads = match question.reads {
            [] => "Nothing that this version's evidence has.".to_owned(),
            reads => reads.join(", "),
        };
        let claims = match question.claims {
            [] => "none: it is asked for the provision itself".to_owned(),
            claims => claims.join(", "),
        };
        for (name, said) in [
            ("Helps to argue", claims.as_str()),
            ("Reads", &reads),
            ("Answered", &answered(question.answer)),
            ("A failure means", failed(question)),
            ("A pass proves", question.proves),
            ("It doesn't prove", question.not),
            ("Remedy", question.remedy.text),
        ] {
            self.gap();
            self.line(2, name);
            self.line(4, said);
        }
        for lines in question.remedy.lines {
            self.gap();
            self.line(4, &format!("{}:", lines.place));
            self.gap();
            // To be copied: never wrapped.
            for line in lines.text.lines() {
                let indent = if line.is_empty() { 0 } else { 6 };
                let _ = writeln!(self.text, "{:indent$}{line}", "");
            }
        }
    }
}
