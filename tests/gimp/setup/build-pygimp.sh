#!/usr/bin/env bash
# Builds GIMP 2.10's Python-Fu from Debian's source package. This is started in the root, by make-root-2.10.sh, with the
# archive of PyGObject beside it.
set -euo pipefail

cd -- "$(dirname -- "$0")"
out=/opt/pygimp
echo /opt/python2.7/lib >/etc/ld.so.conf.d/python2.7.conf
ldconfig
ln -sf /opt/python2.7/bin/python2.7 /usr/local/bin/python2 # GIMP starts plug-ins by their first line
export LIBRARY_PATH=/opt/python2.7/lib                     # a Python that was moved names its old folder to the linker
mkdir -p "$out"

sed 's/^deb /deb-src /' /etc/apt/sources.list >/etc/apt/sources.list.d/source.list
apt-get -q update
apt-get -q source --download-only gimp
tar xf gimp_*.orig.tar.* --strip-components=1 --wildcards '*/plug-ins/pygimp/*'
source=plug-ins/pygimp

tar xf PyGObject-*.tar.gz
(
  cd PyGObject-*/
  export PYGOBJECT_WITHOUT_PYCAIRO=1
  python2 setup.py -q build install --root=/ --install-lib="$out" --install-headers="$out/include" \
    --install-data="$out/share"
)

# What configure would have written; Python-Fu expects PyGTK, and uses no more of it than this
cat >config.h <<'END'
#define GETTEXT_PACKAGE "gimp20"
#define init_pygobject() do { if (!pygobject_init (-1, -1, -1)) return; } while (0)
END
printf 'def require(version):\n    pass\n' >"$out/pygtk.py"

read -ra flags < <(pkg-config --cflags gimp-2.0 gimpui-2.0 gegl-0.4)
read -ra libraries < <(pkg-config --libs gimpui-2.0 gegl-0.4 gobject-2.0)
flags+=(-O1 -fPIC -shared -Wno-deprecated-declarations -Werror=implicit-function-declaration -DHAVE_CONFIG_H
  -include config.h -I. -I"$source" -I"$(echo PyGObject-*/gi)"
  -I"$(python2 -c 'import sysconfig; print(sysconfig.get_path("include"))')")
compile() { # LIBRARY SOURCE...
  cc "${flags[@]}" "${@:2}" -o "$out/$1" "${libraries[@]}"
}
compile gimp.so "$source"/gimpmodule.c "$source"/pygimp-{item,display,drawable,image,parasite,pdb,tile,vectors}.c
compile _gimpenums.so "$source/gimpenumsmodule.c"
compile gimpcolor.so "$source/gimpcolormodule.c" "$source/pygimp-colors.c"
cp "$source"/gimp{fu,enums,plugin,shelf}.py "$out/"

plug_ins=$(gimptool-2.0 --gimpplugindir)
mkdir -p "$plug_ins/environ"
printf 'PYTHONPATH=%s\n' "$out" >"$plug_ins/environ/pygimp.env"
install "$source/plug-ins/python-eval.py" "$plug_ins/plug-ins/" # gives --batch-interpreter=python-fu-eval

# Every run of a test begins with a copy of what GIMP's own plug-ins say
export GIMP2_DIRECTORY=/var/cache/gimp2-directory
mkdir -p "$GIMP2_DIRECTORY"
gimp-console --no-interface --batch-interpreter=python-fu-eval \
  --batch "open('/tmp/ran', 'w').close()" --batch 'pdb.gimp_quit(1)'
test -e /tmp/ran
touch "$out/complete"
