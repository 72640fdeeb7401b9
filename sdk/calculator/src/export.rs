//! The export macro.

/// Makes a plug-in library of these calculators.
///
/// Stands once in a crate of type `cdylib`. It defines `pub fn library()`, the
/// root module, and exports it under the symbol that hosts look for; two
/// crates that hold it cannot be linked into one binary, so calculators that
/// others shall link stand in plain libraries of their own.
#[macro_export]
macro_rules! export {
    ($($calculator:ty),+ $(,)?) => {
        /// The root module of this plug-in library.
        pub fn library() -> $crate::private::v1::CalculatorLibraryRef {
            use $crate::private::abi_stable::prefix_type::PrefixTypeTrait as _;
            use $crate::private::abi_stable::std_types::{ROption, RResult, RSlice, RStr, RVec};

            fn entries() -> [$crate::private::Entry; [$(stringify!($calculator)),+].len()] {
                [$($crate::private::entry::<$calculator>()),+]
            }
            extern "C" fn manifest() -> RVec<u8> {
                $crate::private::manifest(entries)
            }
            extern "C" fn create(
                id: RStr<'_>,
                setup: RSlice<'_, u8>,
            ) -> RResult<$crate::private::v1::InstanceBox, $crate::private::v1::Failure> {
                $crate::private::create(entries, id, setup)
            }
            extern "C" fn extension(name: RStr<'_>, request: RSlice<'_, u8>) -> ROption<RVec<u8>> {
                $crate::private::extension(name, request)
            }
            $crate::private::v1::CalculatorLibrary { manifest, create, extension }.leak_into_prefix()
        }

        #[doc(hidden)]
        #[allow(unsafe_code)]
        pub mod exported_library {
            use $crate::private::abi_stable::library::{
                CheckTypeLayout, LibHeader, RootModuleResult, __call_root_module_loader,
            };

            extern "C" fn load() -> RootModuleResult {
                __call_root_module_loader(super::library)
            }

            // The name is the one that abi_stable 0.11 looks for.
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            pub static LIB_HEADER: LibHeader =
                // SAFETY: `load` makes the root module of the type named here.
                unsafe {
                    LibHeader::from_constructor::<$crate::private::v1::CalculatorLibraryRef>(
                        load,
                        CheckTypeLayout::Yes,
                    )
                };
        }
    };
}
