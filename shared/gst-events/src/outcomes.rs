//! How workers declare their outcomes.

/// Declares what can become of an event: a closed enum whose variants carry a code, a class and the rule that decides.
///
/// The crate that uses it depends on `gst-rules` and `stream`.
#[macro_export]
macro_rules! outcomes {
    ($(#[$about:meta])* enum $name:ident;
     $($(#[$meta:meta])* $variant:ident = $code:literal, $kind:ident, $rule:ident;)+) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$meta])* $variant,)+
        }

        impl $name {
            /// The rule that decided.
            #[must_use]
            pub const fn rule_ref(self) -> ::gst_rules::rule::RuleRef {
                match self {
                    $(Self::$variant => ::gst_rules::rule::$rule,)+
                }
            }
        }

        impl ::stream::Outcome for $name {
            fn kind(&self) -> ::stream::OutcomeKind {
                match self {
                    $(Self::$variant => ::stream::OutcomeKind::$kind,)+
                }
            }

            fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            fn rule(&self) -> &'static str {
                self.rule_ref().code()
            }
        }
    };
}
